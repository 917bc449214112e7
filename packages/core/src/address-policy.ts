import { canonicalAddress, isLoopbackAddress, parseAddress } from './address.ts';
import { compileCidrs } from './client-address.ts';

/** Why no request may be sent to this address, or undefined when it may. */
export type AddressPolicy = (address: string, port: number) => string | undefined;

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

/** All of `0.0.0.0/8` means this host to most systems, not only its first address. */
const isThisHost = compileCidrs(['0.0.0.0/8', '::']);

/**
 * The rule for backends that come from containers, against requests forged by label (SSRF). A name is let pass: it comes
 * from the engine's own URL, not from a label.
 *
 * @param ownAddresses `ip:port` of dproxy's listeners and admin API; `0.0.0.0` and `::` there stand for loopback, too
 */
export function compileAddressPolicy(ownAddresses: readonly string[]): AddressPolicy {
  const own = ownAddresses.map(splitAddress);
  const ownPorts = new Set(own.map(({ port }) => port));
  return (address, port) => {
    const range = parseAddress(address)?.range();
    if (range === undefined) return undefined;
    if (range === 'linkLocal') return 'it is link-local, where cloud metadata services are';
    if (range === 'multicast' || range === 'broadcast') return `it is a ${range} address`;
    if (isMetadata(address)) return 'it is the address of a cloud metadata service';
    if (isThisHost(address)) return 'it is the unspecified address';
    if (!ownPorts.has(port)) return undefined;
    const isOwn = own.some(({ host, port: ownPort }) => ownPort === port && reaches(address, host));
    return isOwn ? 'it is where dproxy itself listens' : undefined;
  };
}

/** The same for one address. */
export function refusedAddress(address: string, port: number, ownAddresses: readonly string[]): string | undefined {
  return compileAddressPolicy(ownAddresses)(address, port);
}

function reaches(address: string, ownHost: string): boolean {
  if (isThisHost(ownHost)) return isLoopbackAddress(address);
  return canonicalAddress(ownHost) === canonicalAddress(address);
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
