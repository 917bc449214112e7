import { expect, it } from 'vitest';
import { nearestNames } from './explain-names.ts';
import { readExplainedUrl } from './explain-url.ts';

it.each([
  ['app.test', 'http', 'app.test', 0, '/'],
  ['https://App.test:8443/a/../b?x#y', 'https', 'App.test:8443', 8443, '/a/../b?x'],
  ['http://app.test?x=1', 'http', 'app.test', 0, '/?x=1'],
  ['HTTP://[::1]:80/', 'http', '[::1]:80', 80, '/'],
  ['http://bücher.example/ü', 'http', 'xn--bcher-kva.example', 0, '/%C3%BC'],
  ['http://app.test/%2e%2E/a;b//c\\d', 'http', 'app.test', 0, '/%2e%2E/a;b//c\\d'],
  ['http://under_score..test/', 'http', 'under_score..test', 0, '/'],
] as const)('%s is sent as %s %s %i %s', (raw, scheme, authority, port, target) => {
  expect(readExplainedUrl(raw)).toEqual({ scheme, authority, port, target });
});

it.each([
  '',
  '/path',
  'ftp://app.test/',
  'http://',
  'http:///path',
  'http://user:pass@app.test/',
  'http://app.test/a b',
  'http://app.test/\r\nX-Real-IP: 1.2.3.4',
  `http://app.test/${'a'.repeat(10_000)}`,
  'http://app.test/\ud800',
])('%j is none', (raw) => {
  expect(readExplainedUrl(raw)).toBeUndefined();
});

it('finds the nearest names, the nearest first', () => {
  const known = ['shop.example.com', 'shops.example.com', 'api.example.com', 'unrelated.test', '__proto__'];
  expect(nearestNames('shopp.example.com', known).slice(0, 2)).toEqual(['shop.example.com', 'shops.example.com']);
  expect(nearestNames('zzz', known)).toEqual([]);
  expect(nearestNames('api.example.com', known)).not.toContain('api.example.com');
});

it('looks among 100,000 names at those that are related first', () => {
  const known = Array.from({ length: 100_000 }, (_, index) => `n${index}.other.test`);
  expect(nearestNames('blog.example.com', [...known, 'blog.example.org'])).toContain('blog.example.org');
});
