import { isIP } from 'node:net';
import { parseAddress } from '@dproxy/core';
import { getDomain } from 'tldts';

/**
 * What limits per registered domain count by: the part that was bought from a registrar, by the Public Suffix List with its
 * private part (`me.github.io` is its own). An IPv4 address is its own, an IPv6 address is its /64.
 */
export function registeredDomain(name: string): string {
  const family = isIP(name);
  if (family === 4) return name;
  if (family === 6) return networkOf(name);
  const host = name.startsWith('*.') ? name.slice(2) : name;
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}

function networkOf(address: string): string {
  const bytes = parseAddress(address)?.toByteArray().slice(0, 8) ?? [];
  return `${Buffer.from(bytes).toString('hex')}::/64`;
}
