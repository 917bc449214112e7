import ipaddr from 'ipaddr.js';
import { isIpv4, parseAddress, type ParsedAddress } from './address.ts';

/** True for an address of the list, in either spelling of a mapped one; false for what is no address. */
export type AddressMatcher = (address: string) => boolean;

interface Range {
  readonly base: ParsedAddress;
  readonly bits: number;
}

/** More entries of a header are not looked at: a chain of that many trusted proxies is none. */
const MAX_HOPS = 32;

/**
 * @param list `192.0.2.0/24`, `2001:db8::/32`, or single addresses
 * @throws RangeError that names the entry that is neither
 */
export function compileCidrs(list: readonly string[]): AddressMatcher {
  if (list.length === 0) return () => false;
  const ranges = list.map(parseRange);
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && ranges.some(({ base, bits }) => covers(base, bits, address));
  };
}

export interface ClientAddress {
  /** For `x-real-ip`: the first address from the right that no trusted proxy has. */
  readonly realIp: string;
  /** For `x-forwarded-for`. */
  readonly forwardedFor: string;
}

/**
 * Who the client is, when `peer` is a trusted proxy. Every proxy appends the address that it saw, so only what stands
 * right of the last trusted hop is vouched for; the walk ends at the first entry that is not trusted or not an address.
 *
 * @param peer canonical address of the connection, itself trusted
 * @param claimed `X-Forwarded-For` as sent, empty when absent
 */
export function trustedClient(peer: string, claimed: string, isTrusted: AddressMatcher): ClientAddress {
  if (claimed === '') return { realIp: peer, forwardedFor: peer };
  let realIp = peer;
  let end = claimed.length;
  for (let hop = 0; hop < MAX_HOPS && end >= 0; hop += 1) {
    const comma = end === 0 ? -1 : claimed.lastIndexOf(',', end - 1);
    const address = forwardedAddress(claimed.slice(comma + 1, end).trim());
    if (address === undefined) break;
    realIp = address;
    if (!isTrusted(address)) break;
    end = comma;
  }
  return { realIp, forwardedFor: `${claimed}, ${peer}` };
}

/** An entry of `X-Forwarded-For`: an address, that some proxies write with a port, and IPv6 then in brackets. */
export function forwardedAddress(entry: string): string | undefined {
  if (entry.length > 64) return undefined;
  const parts = /^(?:\[([^\]]+)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(entry);
  return parseAddress(parts?.[1] ?? parts?.[2] ?? entry)?.toString();
}

function parseRange(entry: string): Range {
  const slash = entry.indexOf('/');
  const text = slash === -1 ? entry : entry.slice(0, slash);
  const base = parseAddress(text);
  if (base === undefined) throw notCidr(entry);
  const width = base.kind() === 'ipv4' ? 32 : 128;
  if (slash === -1) return { base, bits: width };
  const size = entry.slice(slash + 1);
  // ::ffff:192.0.2.0/120 is 192.0.2.0/24: the address was unmapped, so its 96 common bits go, too.
  const bits = Number(size) - (width === 32 && !isIpv4(text) ? 96 : 0);
  if (!/^[0-9]{1,3}$/.test(size) || bits < 0 || bits > width) throw notCidr(entry);
  return { base, bits };
}

function notCidr(entry: string): RangeError {
  return new RangeError(`found ${JSON.stringify(entry)}, expected an IP address or a range such as 192.0.2.0/24`);
}

function covers(base: ParsedAddress, bits: number, address: ParsedAddress): boolean {
  if (base instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(base, bits);
  return address instanceof ipaddr.IPv6 && address.match(base, bits);
}
