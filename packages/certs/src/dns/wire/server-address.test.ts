import { expect, it } from 'vitest';
import { formatServer, parseServerAddress } from './server-address.ts';

it.each([
  ['192.0.2.1', { host: '192.0.2.1', port: 53 }],
  ['192.0.2.1:5353', { host: '192.0.2.1', port: 5353 }],
  ['ns1.example.test', { host: 'ns1.example.test', port: 53 }],
  ['ns1.example.test:1', { host: 'ns1.example.test', port: 1 }],
  ['2001:db8::1', { host: '2001:db8::1', port: 53 }],
  ['[2001:db8::1]', { host: '2001:db8::1', port: 53 }],
  ['[2001:db8::1]:5353', { host: '2001:db8::1', port: 5353 }],
  ['', undefined],
  ['ns1:', undefined],
  ['ns1:0', undefined],
  ['ns1:65536', undefined],
  ['[ns1]:53', undefined],
  ['[::g]:53', undefined],
  ['http://ns1', undefined],
])('reads %j', (text, expected) => {
  expect(parseServerAddress(text)).toEqual(expected);
});

it('writes no port that goes without saying', () => {
  expect(formatServer({ host: '192.0.2.1', port: 53 })).toBe('192.0.2.1');
  expect(formatServer({ host: '2001:db8::1', port: 5353 })).toBe('[2001:db8::1]:5353');
});
