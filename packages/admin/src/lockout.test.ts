import { expect, test } from 'vitest';
import { Lockout } from './lockout.ts';

test('a client waits after its last attempt, and starts afresh when it has waited', () => {
  const lockout = new Lockout({ attempts: 2, waitMs: 1_000 });
  lockout.fail('192.0.2.1', 0);
  expect(lockout.waitMs('192.0.2.1', 0)).toBe(0);
  lockout.fail('192.0.2.1', 500);
  expect(lockout.waitMs('192.0.2.1', 600)).toBe(900);
  expect(lockout.waitMs('192.0.2.2', 600)).toBe(0);
  lockout.fail('192.0.2.1', 2_000);
  expect(lockout.waitMs('192.0.2.1', 2_000)).toBe(0);
});

test('a right token clears the count', () => {
  const lockout = new Lockout({ attempts: 2, waitMs: 1_000 });
  lockout.fail('192.0.2.1', 0);
  lockout.succeed('192.0.2.1');
  lockout.fail('192.0.2.1', 0);
  expect(lockout.waitMs('192.0.2.1', 0)).toBe(0);
});

test('the addresses of one IPv6 network are one client, however they are written', () => {
  const lockout = new Lockout({ attempts: 3, waitMs: 1_000 });
  lockout.fail('2001:db8:0:1::1', 0);
  lockout.fail('2001:0db8:0000:0001:ffff:0:0:2', 0);
  lockout.fail('2001:db8::1:0:0:0:3', 0);
  expect(lockout.waitMs('2001:db8:0:1:2:3:4:5', 0)).toBe(1_000);
  expect(lockout.waitMs('2001:db8:0:2::1', 0)).toBe(0);
});

test('a mapped address is the IPv4 client', () => {
  const lockout = new Lockout({ attempts: 1, waitMs: 1_000 });
  lockout.fail('::ffff:192.0.2.1', 0);
  expect(lockout.waitMs('192.0.2.1', 0)).toBe(1_000);
});

test('memory is finite: the client that failed longest ago makes room', () => {
  const lockout = new Lockout({ attempts: 1, waitMs: 1_000, maxClients: 100 });
  for (let index = 0; index < 1_000; index += 1) lockout.fail(`10.0.${index >> 8}.${index & 255}`, 0);
  expect(lockout.size).toBe(100);
  expect(lockout.waitMs('10.0.0.0', 0)).toBe(0);
  expect(lockout.waitMs('10.0.3.231', 0)).toBe(1_000);
});
