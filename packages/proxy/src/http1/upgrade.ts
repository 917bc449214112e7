import { withoutPadding } from './bytes.ts';

/** `protocol-name [ "/" protocol-version ]` (RFC 9110 section 7.8). */
const PROTOCOL = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?$/;

/** More protocols than any client offers. */
const MAX_PROTOCOLS = 32;

/**
 * The protocols of an `Upgrade` field without `h2c`: a backend that took it would speak HTTP/2 through the tunnel, past
 * every rule of ours (h2c smuggling). Undefined when the list is malformed.
 */
export function offeredProtocols(value: string): string | undefined {
  if (value === 'websocket') return value;
  const offered = elements(value).filter((protocol) => protocol !== '');
  if (offered.length > MAX_PROTOCOLS) return undefined;
  if (!offered.every((protocol) => PROTOCOL.test(protocol))) return undefined;
  return offered.filter((protocol) => !/^h2c?(?:\/|$)/i.test(protocol)).join(', ');
}

/** Whether a 101 may switch to `protocol`: one of those that were offered, and one only (CVE-2026-2833). */
export function isOffered(protocol: string, offered: string): boolean {
  if (protocol === '' || offered === '') return false;
  return elements(offered.toLowerCase()).includes(protocol.toLowerCase());
}

function elements(list: string): string[] {
  return list.split(',', MAX_PROTOCOLS + 1).map(withoutPadding);
}
