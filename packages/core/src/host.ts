import { domainToASCII } from 'node:url';
import { canonicalAddress, isIpv4 } from './address.ts';

const MAX_NAME = 253;
/** Longer input is refused before any work is done on it; IDNA never makes a name shorter than a quarter. */
const MAX_RAW = 1_024;
/** `_` is no letter of a hostname, but container names have it, and DNS carries it. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NUMERIC_LABEL = /^(?:[0-9]+|0x[0-9a-f]*)$/;
const NOT_IN_NAMES = /[^\w.\-\u0080-\uffff]/;
const PLAIN = /^[\w.-]*$/;
const BRACKETED = /^\[([^\]]*)\](:[0-9]*)?$/;

/**
 * The one spelling of a host by which routes are stored and found: lower case, without port and trailing dot, IDNA
 * A-labels, IPv6 in brackets and in its short form (RFC 5952). `*.x` is kept as a pattern.
 *
 * @returns undefined when `raw` is no host: the caller says where it was found
 */
export function canonicalHost(raw: string): string | undefined {
  if (raw === '' || raw.length > MAX_RAW) return undefined;
  if (raw.startsWith('*.')) {
    const base = canonicalName(raw.slice(2));
    return base === undefined || isAddressHost(base) || base.length > MAX_NAME - 2 ? undefined : `*.${base}`;
  }
  if (raw.startsWith('[')) return canonicalIpv6(raw);
  const bare = raw.includes(':', raw.indexOf(':') + 1) ? canonicalAddress(raw, { keepMapped: true }) : undefined;
  if (bare !== undefined) return bare.includes(':') ? `[${bare}]` : bare;
  return canonicalName(raw);
}

/** Names that resolve to this machine by definition (RFC 6761 section 6.3): no CA signs them. */
export function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** True for what `canonicalHost` makes of an IP address. */
export function isAddressHost(host: string): boolean {
  return host.startsWith('[') || isIpv4(host);
}

function canonicalIpv6(raw: string): string | undefined {
  const parts = BRACKETED.exec(raw);
  if (parts === null || !isPort(parts[2] ?? '')) return undefined;
  const literal = parts[1] ?? '';
  if (!literal.includes(':') || literal.includes('%')) return undefined;
  const address = canonicalAddress(literal, { keepMapped: true });
  return address === undefined ? undefined : `[${address}]`;
}

function canonicalName(raw: string): string | undefined {
  const colon = raw.indexOf(':');
  if (colon !== -1 && !isPort(raw.slice(colon))) return undefined;
  const written = colon === -1 ? raw : raw.slice(0, colon);
  const name = withoutTrailingDot(asciiName(written));
  if (name === '' || name.length > MAX_NAME) return undefined;
  const labels = name.split('.');
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  // A last label of digits makes every client read the whole as an IPv4 address ("127.1" is 127.0.0.1 to them).
  if (NUMERIC_LABEL.test(labels.at(-1) ?? '')) return isIpv4(name) ? name : undefined;
  return name;
}

/** `:port` or nothing; the port may be empty (RFC 3986 section 3.2.3). */
function isPort(text: string): boolean {
  return /^(?::[0-9]{0,5})?$/.test(text) && Number(text.slice(1)) <= 65_535;
}

function asciiName(name: string): string {
  // `domainToASCII` reads a URL: it drops line breaks and stops at a slash, so none may reach it.
  if (NOT_IN_NAMES.test(name)) return '';
  const lower = name.toLowerCase();
  // Plain names skip it: it would make an address of "0x7f.1".
  return PLAIN.test(lower) && !lower.includes('xn--') ? lower : domainToASCII(name);
}

function withoutTrailingDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
