import { describe, expect, it } from 'vitest';
import { compileClientOf, compileCountedBy, type CountedFacts } from './counted-by.ts';
import type { CountedBy } from './filter.ts';

const CLIENT = { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 } as const;

function facts(more: Partial<CountedFacts> = {}): CountedFacts {
  return { client: '192.0.2.9', forwardedFor: '', host: 'a.test', header: () => '', ...more };
}

describe('the client', () => {
  const through = '203.0.113.1, 10.0.0.1 ,[2001:db8::2]:80, 10.0.0.3';
  it.each<[string, Partial<typeof CLIENT> | object, string, string]>([
    ['who is vouched for', {}, through, '192.0.2.9'],
    ['the last hop', { depth: 1 }, through, '10.0.0.3'],
    ['a hop with a port', { depth: 2 }, through, '2001:db8::2'],
    ['the fourth from the right', { depth: 4 }, through, '203.0.113.1'],
    ['who is vouched for when there are too few hops', { depth: 5 }, through, '192.0.2.9'],
    ['who is vouched for when a hop is no address', { depth: 1 }, '203.0.113.1, unknown', '192.0.2.9'],
    ['who is vouched for when no proxy was trusted', { depth: 1 }, '', '192.0.2.9'],
    ['the first hop that is not passed over', { excluded: ['10.0.0.0/8', '2001:db8::2'] }, through, '203.0.113.1'],
    ['who is vouched for when all hops are passed over', { excluded: ['0.0.0.0/0', '::/0'] }, through, '192.0.2.9'],
    ['a network', { depth: 2, ipv6Prefix: 64 }, '2001:db8:1:2:3:4:5:6, ::1', '2001:db8:1:2:0:0:0:0/64'],
    ['a network within a byte', { depth: 1, ipv6Prefix: 36 }, '2001:db8:ffff::1', '2001:db8:f000:0:0:0:0:0/36'],
    ['an IPv4 address whole', { depth: 1, ipv6Prefix: 64 }, '192.0.2.7', '192.0.2.7'],
  ])('is %s', (_, by, forwardedFor, expected) => {
    expect(compileClientOf({ ...CLIENT, ...by })(facts({ forwardedFor }))).toBe(expected);
  });

  it('needs ranges that are ranges', () => {
    expect(() => compileClientOf({ ...CLIENT, excluded: ['10.0.0.0/99'] })).toThrow(RangeError);
  });
});

it.each<[CountedBy, string]>([
  [CLIENT, '192.0.2.9'],
  [{ type: 'host' }, 'a.test'],
  [{ type: 'header', name: 'x-user' }, 'value of x-user'],
])('%o counts by %s', (by, expected) => {
  expect(compileCountedBy(by)(facts({ header: (name) => `value of ${name}` }))).toBe(expected);
});

it('keys are short, and long values stay different', () => {
  const keyOf = compileCountedBy({ type: 'header', name: 'x' });
  const key = (value: string): string => keyOf(facts({ header: () => value }));
  expect(key('x'.repeat(30_000)).length).toBeLessThanOrEqual(64);
  expect(key('x'.repeat(30_000))).not.toBe(key(`${'x'.repeat(29_999)}y`));
  expect(key('x'.repeat(64))).toBe('x'.repeat(64));
});
