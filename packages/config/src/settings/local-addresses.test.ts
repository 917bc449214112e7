import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { addressesOfList, addressesOfTrie, localAddresses } from './local-addresses.ts';

const TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 172.17.0.0/16 2 0 2
           |-- 172.17.0.0
              /16 link UNICAST
           |-- 172.17.0.1
              /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
`;

test('own IPv4 addresses are the local hosts of the kernel, not networks and not broadcast', () => {
  expect(addressesOfTrie(TRIE)).toEqual(['127.0.0.1', '172.17.0.1']);
  expect(addressesOfTrie('')).toEqual([]);
});

test('own IPv6 addresses are the first column', () => {
  const list = [
    '00000000000000000000000000000001 01 80 10 80       lo',
    'fe800000000000000042acfffe110001 05 40 20 80  docker0',
    '',
  ].join('\n');
  expect(addressesOfList(list)).toEqual(['::1', 'fe80::42:acff:fe11:1']);
});

test('this machine has at least the addresses of its interfaces, each once', () => {
  const all = localAddresses();
  expect(new Set(all).size).toBe(all.length);
  for (const { address } of Object.values(networkInterfaces()).flatMap((list) => list ?? []))
    expect(all).toContain(address);
});
