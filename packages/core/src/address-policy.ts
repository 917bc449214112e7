import { canonicalAddress, isLoopbackAddress, parseAddress } from './address.ts';
import { compileCidrs } from './client-address.ts';

/**
 * Cloud metadata services outside of link-local space, and IPv6 forms that carry 169.254.0.0/16 inside (NAT64,
 * IPv4-compatible): a request to them hands out the credentials of the machine.
 */
const isMetadata = compileCidrs([
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
  '64:ff9b::a9fe:0/112',
  '::a9fe:0/112',
]);

/** `0.0.0.0/8` means this host to most systems, not only its first address. */
const isThisHost = compileCidrs(['0.0.0.0/8', '::']);

/**
 * Why no request may be sent to this address on behalf of a container (SSRF by label), or undefined. A name is let pass:
 * it comes from the engine's own URL, not from a label.
 *
 * @param ownAddresses `ip:port` of dproxy's listeners and admin API; `0.0.0.0` and `::` there stand for loopback, too
 */
export function refusedAddress(address: string, port: number, ownAddresses: readonly string[]): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const range = parsed.range();
  if (range === 'linkLocal') return 'it is link-local, where cloud metadata services are';
  if (isMetadata(address)) return 'it is the address of a cloud metadata service';
  if (range === 'multicast' || range === 'broadcast') return `it is a ${range} address`;
  if (isThisHost(address)) return 'it is the unspecified address';
  return ownAddresses.some((own) => isOwn(own, address, port)) ? 'it is where dproxy itself listens' : undefined;
}

function isOwn(own: string, address: string, port: number): boolean {
  const colon = own.lastIndexOf(':');
  if (Number(own.slice(colon + 1)) !== port) return false;
  const host = own.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  if (isThisHost(host)) return isLoopbackAddress(address);
  return canonicalAddress(host) === canonicalAddress(address);
}
