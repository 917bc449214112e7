import { describe, expect, it } from 'vitest';
import { compileCidrs, trustedClient } from './client-address.ts';

describe('compileCidrs', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.0/24', '::ffff:192.0.2.1', true],
    ['::ffff:192.0.2.0/120', '192.0.2.1', true],
    ['::ffff:192.0.2.0/120', '192.0.3.1', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '203.0.113.1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.0/24', 'a.test', false],
    ['192.0.2.0/24', '', false],
  ])('%s and %s: %s', (range, address, answer) => {
    expect(compileCidrs([range])(address)).toBe(answer);
  });

  it('trusts nobody when the list is empty', () => {
    expect(compileCidrs([])('127.0.0.1')).toBe(false);
  });

  it.each([
    '',
    'a.test',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/',
    '192.0.2/24',
    '::/129',
    '1.2.3.4/8/8',
    '::ffff:1.2.3.4/64',
  ])('names the entry %j, which is no range', (entry) => {
    expect(() => compileCidrs(['192.0.2.1', entry])).toThrow(`found ${JSON.stringify(entry)}, expected`);
  });
});

describe('trustedClient', () => {
  const isTrusted = compileCidrs(['10.0.0.0/8', '2001:db8::/32']);
  const client = (claimed: string): string => trustedClient('10.0.0.1', claimed, isTrusted).realIp;

  it.each([
    ['nothing claimed', '', '10.0.0.1'],
    ['one client', '203.0.113.9', '203.0.113.9'],
    ['a client that invents hops', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['two trusted hops', '1.1.1.1, 203.0.113.9, 10.0.0.3, 10.0.0.2', '203.0.113.9'],
    ['no space', '203.0.113.9,10.0.0.2', '203.0.113.9'],
    ['IPv4 with a port', '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6 in brackets with a port', '[2001:db9::9]:4711', '2001:db9::9'],
    ['IPv6', '2001:DB9::9', '2001:db9::9'],
    ['a mapped hop', '203.0.113.9, ::ffff:10.0.0.2', '203.0.113.9'],
    ['only trusted hops', '10.0.0.9, 10.0.0.2', '10.0.0.9'],
    ['a malformed entry behind a hop', '203.0.113.9, unknown, 10.0.0.2', '10.0.0.2'],
    ['a malformed last entry', '203.0.113.9, _hidden', '10.0.0.1'],
    ['an empty entry', '203.0.113.9,, 10.0.0.2', '10.0.0.2'],
    ['a comma first', ', 10.0.0.2', '10.0.0.2'],
    ['only commas', ',,,', '10.0.0.1'],
    ['a short address', '127.1', '10.0.0.1'],
  ])('%s', (_, claimed, realIp) => {
    expect(client(claimed)).toBe(realIp);
  });

  it('appends the peer to what was claimed', () => {
    expect(trustedClient('10.0.0.1', '1.1.1.1, 203.0.113.9', isTrusted).forwardedFor).toBe(
      '1.1.1.1, 203.0.113.9, 10.0.0.1',
    );
    expect(trustedClient('10.0.0.1', '', isTrusted).forwardedFor).toBe('10.0.0.1');
  });

  it('gives up after 32 hops', () => {
    expect(client(`203.0.113.9, ${Array.from({ length: 40 }, (_, hop) => `10.1.0.${hop}`).join(', ')}`)).toBe(
      '10.1.0.8',
    );
  });
});
