import type { CertificateRef } from '@dproxy/core';
import { expect, test } from 'vitest';
import { certificatesFor } from './certificates-for.ts';

const file = (...names: string[]): CertificateRef => ({ id: names.join(), names, kind: 'file' });

test('loopback comes first, then each host that no file covers, one leaf each', () => {
  const leafs = certificatesFor(
    ['a.example.com', 'b.example.com', 'x.test', '*.deep.test', 'x.test'],
    [file('*.example.com')],
  );
  expect(leafs).toEqual([['localhost', '127.0.0.1', '::1'], ['x.test'], ['*.deep.test']]);
});

test('hosts that are addresses join the leaf for clients without SNI', () => {
  expect(certificatesFor(['192.0.2.7', '[2001:db8::1]', 'localhost'], [])).toEqual([
    ['localhost', '127.0.0.1', '::1', '192.0.2.7', '2001:db8::1'],
  ]);
});

test('a file for one name does not cover a wildcard host', () => {
  expect(certificatesFor(['*.example.com'], [file('a.example.com')])).toHaveLength(2);
});

test('every host is no name for a certificate', () => {
  expect(certificatesFor(['*', 'x.test'], [])).toEqual([['localhost', '127.0.0.1', '::1'], ['x.test']]);
});
