import { expect, test } from 'vitest';
import { challengeServerName, challengesFor, identifiersOf } from './identifiers.ts';

test('names and addresses, each once, in the spelling that an authority wants', () => {
  expect(
    identifiersOf(['App.example.com', 'app.example.com', '*.example.com', '192.0.2.1', '2001:DB8:0:0::1']),
  ).toEqual([
    { type: 'dns', value: 'app.example.com' },
    { type: 'dns', value: '*.example.com' },
    { type: 'ip', value: '192.0.2.1' },
    { type: 'ip', value: '2001:db8::1' },
  ]);
});

test('a wildcard takes dns-01 only, an address never', () => {
  const all = ['http-01', 'dns-01', 'tls-alpn-01'] as const;
  expect(challengesFor('*.example.com', all)).toEqual(['dns-01']);
  expect(challengesFor('2001:db8::1', all)).toEqual(['http-01', 'tls-alpn-01']);
  expect(challengesFor('example.com', all)).toEqual(all);
});

test('the SNI of a check by tls-alpn-01', () => {
  expect(challengeServerName('example.com')).toBe('example.com');
  expect(challengeServerName('192.0.2.1')).toBe('1.2.0.192.in-addr.arpa');
  expect(challengeServerName('2001:db8::1')).toBe(
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
  );
});
