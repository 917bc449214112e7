import ipaddr from 'ipaddr.js';

export type ParsedAddress = ipaddr.IPv4 | ipaddr.IPv6;

const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
/** How a dual-stack socket shows an IPv4 client: the most frequent address of all. */
const MAPPED = '::ffff:';

/** True for four decimal numbers only: the octal, hexadecimal and short forms of inet_aton are read differently everywhere. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/**
 * Reads an address as the system writes it, without its zone (`%eth0`). An IPv4 address that a dual-stack socket shows as
 * `::ffff:192.0.2.1` comes out as IPv4, so that one rule of a list covers both spellings.
 *
 * @returns undefined when `text` is no address
 */
export function parseAddress(text: string): ParsedAddress | undefined {
  const ipv4 = unmapped(text);
  if (ipv4 !== undefined) return new ipaddr.IPv4(ipv4.split('.').map(Number));
  const address = parseIpv6(text);
  return address?.isIPv4MappedAddress() === true ? address.toIPv4Address() : address;
}

/** The one spelling of an address (RFC 5952). `keepMapped` leaves `::ffff:192.0.2.1` an IPv6 address. */
export function canonicalAddress(text: string, options?: { readonly keepMapped: boolean }): string | undefined {
  if (options?.keepMapped === true) return isIpv4(text) ? text : parseIpv6(text)?.toString();
  return unmapped(text) ?? parseAddress(text)?.toString();
}

/** Loopback, after unmapping `::ffff:`. */
export function isLoopbackAddress(text: string): boolean {
  return parseAddress(text)?.range() === 'loopback';
}

/** IPv4 as text, also when it is written as a mapped address in the usual way. */
function unmapped(text: string): string | undefined {
  const ipv4 = text.startsWith(MAPPED) ? text.slice(MAPPED.length) : text;
  return isIpv4(ipv4) ? ipv4 : undefined;
}

function parseIpv6(text: string): ipaddr.IPv6 | undefined {
  const zone = text.indexOf('%');
  const plain = zone === -1 ? text : text.slice(0, zone);
  // 45 characters: the longest form, with an IPv4 tail. Unbounded input must not reach the regular expressions of ipaddr.js.
  if (plain.length > 45 || !plain.includes(':') || !ipaddr.IPv6.isValid(plain)) return undefined;
  return ipaddr.IPv6.parse(plain);
}
