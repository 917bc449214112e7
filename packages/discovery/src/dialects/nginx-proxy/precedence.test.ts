import { expect, test } from 'vitest';
import { mergedTable } from '../_merged-table.ts';
import type { NginxProxyOptions } from './index.ts';

type Sites = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** Which container the merged table of all these answers with: a name, or the outcome without a route. */
function front(sites: Sites, nginxProxy: NginxProxyOptions = {}) {
  const parts = Object.entries(sites).map(([name, said]) => {
    const variables = typeof said === 'string' ? { VIRTUAL_HOST: said } : said;
    return [name, { variables }] as const;
  });
  const table = mergedTable(Object.fromEntries(parts), { nginxProxy });
  return (host: string, path = '/', isEncrypted = false): string => {
    const route = table.ask(host, path, isEncrypted ? 'https' : 'http');
    return typeof route === 'string' ? route : (route.origins[0]?.name ?? '');
  };
}

test('exact, then the longest leading wildcard, the longest trailing one, the first pattern, the default', () => {
  const who = front(
    {
      fallback: 'fallback.test',
      patternB: '~^.*b',
      patternA: '~^.*a',
      tail: 'app.*',
      longTail: 'app.example.*',
      wide: '*.example.com',
      narrow: '*.sub.example.com',
      exact: 'app.example.com',
    },
    { defaultHost: 'fallback.test' },
  );
  expect(who('app.example.com')).toBe('exact');
  expect(who('x.example.com')).toBe('wide');
  expect(who('x.y.example.com')).toBe('wide');
  expect(who('x.sub.example.com')).toBe('narrow');
  expect(who('app.example.org')).toBe('longTail');
  expect(who('app.example.co.uk')).toBe('longTail');
  expect(who('app.other.org')).toBe('tail');
  expect(who('ab.other.org')).toBe('patternA');
  expect(who('b.other.org')).toBe('patternB');
  expect(who('zzz.test')).toBe('fallback');
  expect(who('example.com')).toBe('patternA');
});

test('without DEFAULT_HOST nobody answers for a host that nobody has', () => {
  expect(front({ a: 'a.test' })('b.test')).toBe('route-unknown');
});

test.each(['a.test', 'a.*', '~^a\\.test$', '*.test'])(
  'exact paths, final prefixes, patterns, prefixes: on %s',
  (host) => {
    const at = (path: string): Readonly<Record<string, string>> => ({ VIRTUAL_HOST: host, VIRTUAL_PATH: path });
    const who = front({
      root: host,
      api: at('/api'),
      apiV2: at('/api/v2'),
      only: at('= /api/v2/only'),
      images: at('~* \\.(png|jpg)$'),
      pattern: at('~ ^/api/v\\d/p'),
      fixed: at('^~ /static'),
      folder: at('/folder/'),
    });
    const name = host === '*.test' ? 'x.test' : 'a.test';
    expect(who(name)).toBe('root');
    expect(who(name, '/apis')).toBe('api');
    expect(who(name, '/api/v2/x')).toBe('apiV2');
    expect(who(name, '/api/v2/only')).toBe('only');
    expect(who(name, '/api/v2/only/x')).toBe('apiV2');
    expect(who(name, '/api/v2/p')).toBe('pattern');
    expect(who(name, '/x/a.PNG')).toBe('images');
    expect(who(name, '/static/a.png')).toBe('fixed');
    expect(who(name, '/folder/x')).toBe('folder');
    expect(who(name, '/folder')).toBe('folder');
    expect(who(name, '/folders')).toBe('root');
  },
);

test('DEFAULT_ROOT answers below all paths, and the default server has one, too', () => {
  const sites = { app: { VIRTUAL_HOST: 'a.test', VIRTUAL_PATH: '/app' }, root: { VIRTUAL_HOST: 'b.test' } };
  const who = front(sites, { defaultRoot: 418, defaultHost: 'a.test' });
  expect(who('a.test', '/app')).toBe('app');
  expect(who('a.test', '/other')).toBe('app');
  expect(who('b.test', '/other')).toBe('root');
  expect(who('c.test', '/app/x')).toBe('app');
  expect(who('c.test', '/')).toBe('app');
  expect(front(sites)('a.test', '/other')).toBe('path-unknown');
});

test('nohttp answers over HTTPS only, nohttps in clear only', () => {
  const who = front({
    secret: { VIRTUAL_HOST: 's.test', HTTPS_METHOD: 'nohttp' },
    plain: { VIRTUAL_HOST: 'p.test', HTTPS_METHOD: 'nohttps' },
  });
  expect([who('s.test', '/', true), who('s.test')]).toEqual(['secret', 'path-unknown']);
  expect([who('p.test'), who('p.test', '/', true)]).toEqual(['plain', 'path-unknown']);
});
