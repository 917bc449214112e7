import { describe, expect, it } from 'vitest';
import { compileTlsPolicies, isSameTlsPolicy } from './tls-policies.ts';
import type { TlsPolicy } from './tls-policy.ts';

function policyOf(id: string, more: Partial<TlsPolicy> = {}): TlsPolicy {
  return { id, profile: 'intermediate', clientCertificates: 'require', clientCaPem: 'ca', ...more };
}

describe('the TLS policy of a host', () => {
  const find = compileTlsPolicies(
    ['secure.example.com', '*.example.com', '*.deep.example.com', '[::1]'].map((id) => policyOf(id)),
  );

  it.each([
    ['secure.example.com', 'secure.example.com'],
    ['a.example.com', '*.example.com'],
    ['b.a.example.com', '*.example.com'],
    ['a.deep.example.com', '*.deep.example.com'],
    ['deep.example.com', '*.example.com'],
    ['example.com', undefined],
    ['[::1]', '[::1]'],
    ['other.test', undefined],
    ['', undefined],
  ])('of %s is that of %s', (host, expected) => {
    expect(find(host)?.id).toBe(expected);
  });

  it('holds for www. in front of the host, as routes do, also where a wildcard would be there', () => {
    expect(find('www.secure.example.com')?.id).toBe('secure.example.com');
    const own = compileTlsPolicies([policyOf('secure.example.com'), policyOf('www.secure.example.com')]);
    expect(own('www.secure.example.com')?.id).toBe('www.secure.example.com');
  });

  it('is the default where nobody said anything', () => {
    expect(compileTlsPolicies([])('a.test')).toBeUndefined();
  });
});

it('takes policies for the same when they ask the same', () => {
  expect(isSameTlsPolicy(undefined, undefined)).toBe(true);
  expect(isSameTlsPolicy(policyOf('a.test'), policyOf('b.test'))).toBe(true);
  expect(isSameTlsPolicy(policyOf('a.test'), undefined)).toBe(false);
  expect(isSameTlsPolicy(policyOf('a.test'), policyOf('a.test', { clientCaPem: 'other' }))).toBe(false);
  expect(isSameTlsPolicy(policyOf('a.test'), policyOf('a.test', { clientCertificates: 'optional' }))).toBe(false);
  expect(isSameTlsPolicy(policyOf('a.test'), policyOf('a.test', { profile: 'modern' }))).toBe(false);
});
