import { canonicalAddress } from '@dproxy/core';

/** What connections per client are counted by. An IPv6 client owns at least its /64. */
export function clientKey(address: string): string {
  const canonical = canonicalAddress(address) ?? address;
  if (!canonical.includes(':')) return canonical;
  const halves = canonical.split('::');
  const head = (halves[0] ?? '').split(':').filter((group) => group !== '');
  if (halves.length === 1) return `${head.slice(0, 4).join(':')}::/64`;
  const tail = (halves[1] ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}
