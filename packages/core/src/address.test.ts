import { describe, expect, it } from 'vitest';
import { canonicalAddress, isLoopbackAddress } from './address.ts';
import { refusedAddress } from './address-policy.ts';

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('spells %s as %s', (raw, address) => {
    expect(canonicalAddress(raw)).toBe(address);
  });

  it.each([
    '',
    'a.test',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '1.2.3.4.5',
    '256.0.0.1',
    '::1::',
    ':'.repeat(99_999),
    '1',
  ])('refuses %s', (raw) => {
    expect(canonicalAddress(raw)).toBeUndefined();
  });
});

it('knows loopback in every spelling', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(isLoopbackAddress)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['128.0.0.1', '::2', '', 'localhost'].map(isLoopbackAddress)).toEqual([false, false, false, false]);
});

describe('refusedAddress: requests forged by label', () => {
  const own = ['0.0.0.0:80', '[::]:443', '127.0.0.1:16000', '192.0.2.7:8080'];

  it.each([
    ['169.254.169.254', 80, 'link-local'],
    ['::ffff:169.254.169.254', 80, 'link-local'],
    ['::ffff:a9fe:a9fe', 80, 'link-local'],
    ['fe80::1', 80, 'link-local'],
    ['fe80::1%eth0', 80, 'link-local'],
    ['fd00:ec2::254', 80, 'metadata'],
    ['FD00:0EC2:0:0:0:0:0:254', 80, 'metadata'],
    ['100.100.100.200', 80, 'metadata'],
    ['64:ff9b::169.254.169.254', 80, 'metadata'],
    ['::169.254.169.254', 80, 'metadata'],
    ['0.0.0.0', 80, 'unspecified'],
    ['0.1.2.3', 80, 'unspecified'],
    ['::', 80, 'unspecified'],
    ['224.0.0.1', 80, 'multicast'],
    ['ff02::1', 80, 'multicast'],
    ['255.255.255.255', 80, 'broadcast'],
    ['127.0.0.1', 16_000, 'dproxy itself'],
    ['::ffff:127.0.0.1', 16_000, 'dproxy itself'],
    ['127.0.0.1', 80, 'dproxy itself'],
    ['127.8.8.8', 80, 'dproxy itself'],
    ['::1', 443, 'dproxy itself'],
    ['::ffff:192.0.2.7', 8_080, 'dproxy itself'],
  ])('refuses %s port %i: %s', (address, port, reason) => {
    expect(refusedAddress(address, port, own)).toContain(reason);
  });

  it.each([
    ['172.17.0.2', 80],
    ['10.0.0.1', 16_000],
    ['127.0.0.1', 32_768],
    ['192.0.2.7', 8_081],
    ['fd00::2', 80],
    ['docker.example', 80],
    ['', 0],
  ])('lets %s port %i pass', (address, port) => {
    expect(refusedAddress(address, port, own)).toBeUndefined();
  });
});
