import { ProxyError } from '@dproxy/core';

/** What most clients send: nothing to lower, no port, no trailing dot. Bounded repetition of one class: linear. */
const PLAIN = /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,253}[a-z0-9]$/;
/** Names as DNS and Docker have them (`_` included), or an IPv6 literal; then an optional port. RFC 9110 section 7.2. */
const FULL = /^((?:[A-Za-z0-9_-]{1,63}\.){0,126}[A-Za-z0-9_-]{1,63}\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/;

/**
 * The name to match by: lower case, without port and trailing dot; IPv6 literals keep their brackets.
 *
 * @throws ProxyError `host-malformed` for userinfo, an empty or impossible port, an empty label, any other character
 */
export function hostName(value: string): string {
  if (value.length <= 255 && PLAIN.test(value)) return value;
  const match = value.length <= 262 ? FULL.exec(value) : null;
  if (match === null || Number(match[2] ?? 80) > 65_535 || match[2] === '0') {
    throw new ProxyError('host-malformed', `found Host ${JSON.stringify(value.slice(0, 100))}, expected name[:port]`);
  }
  const name = (match[1] as string).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
