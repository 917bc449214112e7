import { canonicalHost, ProxyError } from '@dproxy/core';
import { COLON, latin1 } from './bytes.ts';

/** `Host` as it was sent, and the name in it. Neither shares memory with the head: both may be kept for long. */
export interface Host {
  readonly hostHeader: string;
  readonly host: string;
}

const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 254;
const MAX_PORT = 65_535;
const DOT = 0x2e;
const OPEN_BRACKET = 0x5b;
const ZERO = 0x30;

/** 1 small letter, digit, `-`, `_`; 2 capital letter; 0 anything else. `_` is in container names, and DNS carries it. */
const LABEL_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (/[A-Z]/.test(char)) return 2;
  return /[a-z0-9_-]/.test(char) ? 1 : 0;
});

/**
 * Reads a `Host` value: name or IPv6 literal, optionally a port (RFC 9110 section 7.2). The name to match by is lower
 * case, without port and trailing dot. One pass over the bytes: with regular expressions a Host with a port took 480 ns,
 * as long as all the rest of a small head (bench/http1-codec.ts).
 *
 * @throws ProxyError `host-malformed` for userinfo, an empty or impossible port, an empty label, any other character
 */
export function parseHost(bytes: Buffer, start: number, end: number): Host {
  const hostHeader = latin1(bytes, start, end);
  if (bytes[start] === OPEN_BRACKET) return { hostHeader, host: ipv6(hostHeader) };
  let at = start;
  let seen = 0;
  let labelStart = start;
  while (at < end) {
    const byte = bytes[at] as number;
    const labelClass = LABEL_CLASS[byte] as number;
    seen |= labelClass;
    if (labelClass === 0) {
      if (byte !== DOT || !isLabel(at - labelStart)) break;
      labelStart = at + 1;
    }
    at++;
  }
  const endsWithDot = labelStart === at && at > start;
  const isName = (endsWithDot || isLabel(at - labelStart)) && at - start <= MAX_NAME_BYTES;
  if (!isName || (at < end && !isPort(bytes, at, end))) throw malformed(hostHeader);
  const nameEnd = endsWithDot ? at - 1 : at;
  const name = nameEnd === end ? hostHeader : hostHeader.slice(0, nameEnd - start);
  return { hostHeader, host: seen > 1 ? name.toLowerCase() : name };
}

function isLabel(byteLength: number): boolean {
  return byteLength > 0 && byteLength <= MAX_LABEL_BYTES;
}

/** `:` and one to five digits that are a port. An empty port is legal and useless: two readers may disagree about it. */
function isPort(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== COLON || end - start < 2 || end - start > 6) return false;
  let port = 0;
  for (let at = start + 1; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port > 0 && port <= MAX_PORT;
}

function ipv6(hostHeader: string): string {
  const close = hostHeader.indexOf(']') + 1;
  const rest = Buffer.from(hostHeader.slice(close), 'latin1');
  const host = canonicalHost(hostHeader.slice(0, close));
  if (host === undefined || (rest.length > 0 && !isPort(rest, 0, rest.length))) throw malformed(hostHeader);
  return host;
}

function malformed(hostHeader: string): ProxyError {
  const found = JSON.stringify(hostHeader.slice(0, 100));
  return new ProxyError('host-malformed', `found Host ${found}, expected name[:port]`);
}
