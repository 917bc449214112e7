import { isIP } from 'node:net';
import type { CertificateRef } from '@dproxy/core';

/** Names that one leaf of the local CA is issued for. */
export type LeafNames = readonly string[];

/** Clients that send no SNI (they ask for an IP address) get the leaf with these names. */
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'] as const;

/**
 * Which leafs the local CA has to issue: one for loopback and every host that is an IP address (no SNI carries those, RFC
 * 6066 section 3), which always comes first, and one for each host that no file certificate stands for.
 *
 * One host per leaf: a leaf with many names would tell each visitor of one site what else runs here. No shared
 * `*.localhost` either: browsers and OpenSSL refuse a wildcard directly below a top-level name.
 */
export function certificatesFor(hosts: Iterable<string>, fileRefs: Iterable<CertificateRef>): readonly LeafNames[] {
  const covered = new Set<string>();
  for (const ref of fileRefs) for (const name of ref.names) covered.add(name);
  const addresses = new Set<string>(LOOPBACK_NAMES);
  const lacking = new Set<string>();
  for (const host of hosts) {
    // Every host: no certificate can have that name.
    if (host === '*') continue;
    const address = host.startsWith('[') ? host.slice(1, -1) : host;
    if (isIP(address) !== 0) addresses.add(address);
    else if (!addresses.has(host) && !isCovered(covered, host)) lacking.add(host);
  }
  return [[...addresses], ...[...lacking].map((host) => [host])];
}

/** `coveringNames` for one host against many certificates, in constant time: 100,000 hosts times 1,000 names would not end. */
function isCovered(names: ReadonlySet<string>, host: string): boolean {
  if (names.has(host)) return true;
  const dot = host.indexOf('.');
  return dot > 0 && !host.startsWith('*.') && names.has(`*${host.slice(dot)}`);
}
