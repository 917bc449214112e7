import { expect, it } from 'vitest';
import { containerOf } from '../_container-of.ts';
import { ownCheck } from './own-check.ts';
import { targetOf } from './_target.ts';

const published = new Map([
  [80, [{ address: '0.0.0.0', port: 32_768 }]],
  [9000, [{ address: '0.0.0.0', port: 32_769 }]],
]);

function portOf(wanted: number, address: string, parts: Parameters<typeof containerOf>[0] = {}): number {
  const { check, backend } = targetOf(32_768, { port: wanted }, { address });
  return ownCheck(check, containerOf({ published, ...parts }), backend).port;
}

it('may name any port of an address that is the container’s own', () => {
  expect(portOf(2375, '172.17.0.2')).toBe(2375);
  expect(portOf(0, '172.17.0.2')).toBe(0);
});

it('asks a published port where it is published, and no other port of the machine that publishes it', () => {
  expect(portOf(9000, '192.0.2.10')).toBe(32_769);
  expect(portOf(2375, '192.0.2.10')).toBe(0);
  expect(portOf(2375, '127.0.0.1', { published: new Map() })).toBe(0);
});

it('leaves alone who has the network of the host anyway, and who has no address yet', () => {
  expect(portOf(9000, '127.0.0.1', { networkMode: 'host', published: new Map() })).toBe(9000);
  expect(portOf(9000, '')).toBe(9000);
});
