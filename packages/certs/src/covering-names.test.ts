import type { CertificateRef } from '@dproxy/core';
import { expect, test } from 'vitest';
import { coveringNames } from './covering-names.ts';

const ref = (...names: string[]): CertificateRef => ({ id: '00', names, kind: 'file' });

test('an exact name covers its host only', () => {
  expect(coveringNames(ref('a.example.com'), 'a.example.com')).toEqual(['a.example.com']);
  expect(coveringNames(ref('a.example.com'), 'b.a.example.com')).toEqual([]);
});

test('a wildcard stands for exactly one label', () => {
  const wildcard = ref('*.example.com');
  expect(coveringNames(wildcard, 'a.example.com')).toEqual(['*.example.com']);
  expect(coveringNames(wildcard, 'b.a.example.com')).toEqual([]);
  expect(coveringNames(wildcard, 'example.com')).toEqual([]);
  expect(coveringNames(wildcard, '.example.com')).toEqual([]);
});

test('the exact name comes before the wildcard', () => {
  expect(coveringNames(ref('*.example.com', 'a.example.com'), 'a.example.com')).toEqual([
    'a.example.com',
    '*.example.com',
  ]);
});

test('a wildcard host is covered by the same wildcard only', () => {
  expect(coveringNames(ref('*.example.com', '*.com'), '*.example.com')).toEqual(['*.example.com']);
});
