import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { canonicalAddress } from '@dproxy/core';

/**
 * Addresses of this machine, without zones; also those of interfaces that are idle. `os.networkInterfaces()` leaves them
 * out, and a Docker bridge is idle until its first container runs: a bind address on it would be taken for a foreign one.
 */
export function localAddresses(): string[] {
  const active = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const idle = [
    ...addressesOfTrie(readOrNothing('/proc/net/fib_trie')),
    ...addressesOfList(readOrNothing('/proc/net/if_inet6')),
  ];
  return [...new Set([...active, ...idle])];
}

/** The kernel's IPv4 routes: an own address is a line `|-- address`, with `/32 host LOCAL` below it. */
export function addressesOfTrie(trie: string): string[] {
  return [...trie.matchAll(/\|-- ([\d.]+)\n +\/32 host LOCAL\n/g)].map(([, address = '']) => address);
}

/** One IPv6 address a line, 32 hexadecimal digits first. */
export function addressesOfList(list: string): string[] {
  return list.split('\n').flatMap((line) => {
    const groups = /^[\da-f]{32} /.exec(line)?.[0].match(/[\da-f]{4}/g) ?? [];
    return canonicalAddress(groups.join(':')) ?? [];
  });
}

/** Elsewhere than on Linux there is none, and then the interfaces have to do. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return '';
    throw error;
  }
}
