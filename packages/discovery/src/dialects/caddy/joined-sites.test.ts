import { expect, it } from 'vitest';
import { mergedTable } from '../_merged-table.ts';

const HASH = `$2a$14$${'a'.repeat(53)}`;

type Containers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the merged table of all these containers does with a request: who answers it, and the filters on the way. */
function front(containers: Containers) {
  const parts = Object.entries(containers).map(([name, labelled]) => [name, { labelled }] as const);
  const table = mergedTable(Object.fromEntries(parts));
  const ask = (host: string, path = '/', listener: 'http' | 'https' = 'https'): string => {
    const route = table.ask(host, path, listener);
    if (typeof route === 'string') return route;
    const names = route.origins.map(({ name }) => name).join('+');
    return [names, ...route.filters.map(({ type }) => type)].join(' ');
  };
  return { ask, rejected: table.rejected };
}

it('replicas are one route', () => {
  const labels = {
    caddy: 'a.test',
    'caddy.handle_path': '/api/*',
    'caddy.handle_path.reverse_proxy': '{{upstreams 80}}',
  };
  const { ask, rejected } = front({ one: labels, two: labels });
  expect(rejected).toEqual([]);
  expect(ask('a.test', '/api/x')).toBe('one+two stripPrefixPattern');
  expect(ask('a.test', '/')).not.toMatch(/one|two/);
});

it('one site on several containers has the order that Caddy gives all of it', () => {
  const { ask, rejected } = front({
    rest: { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' },
    api: { caddy: 'a.test', 'caddy.handle_path': '/api/*', 'caddy.handle_path.reverse_proxy': '{{upstreams 80}}' },
    apiV2: { caddy: 'a.test', 'caddy.handle_path': '/api/v2/*', 'caddy.handle_path.reverse_proxy': '{{upstreams 80}}' },
    icon: { caddy: 'a.test', 'caddy.redir': '/api/icon /icon.png' },
  });
  expect(rejected).toEqual([]);
  expect(ask('a.test', '/')).toBe('rest');
  expect(ask('a.test', '/api/x')).toBe('api stripPrefixPattern');
  expect(ask('a.test', '/api/v2/x')).toBe('apiV2 stripPrefixPattern');
  expect(ask('a.test', '/api/icon')).toBe('icon');
});

it('a password on one container is asked for on the site of all', () => {
  const { ask } = front({
    app: { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' },
    door: { caddy: 'a.test', 'caddy.basic_auth': '/admin*', 'caddy.basic_auth.bob': HASH },
  });
  expect([ask('a.test', '/admin/x'), ask('a.test', '/')]).toEqual(['app basicAuth', 'app']);
});

it('a password in a snippet is no less', () => {
  const { ask } = front({
    app: { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' },
    door: { caddy_0: '(auth)', 'caddy_0.basic_auth.bob': HASH, caddy_1: 'a.test', 'caddy_1.import': 'auth' },
  });
  expect(ask('a.test')).toBe('app basicAuth');
});

it('hosts of a wildcard come from several containers, and a host of its own beats it', () => {
  const of = (name: string) => ({
    caddy: '*.a.test',
    [`caddy.@${name}`]: `host ${name}.a.test`,
    'caddy.handle': `@${name}`,
    'caddy.handle.reverse_proxy': '{{upstreams 80}}',
  });
  const { ask, rejected } = front({
    foo: of('foo'),
    bar: of('bar'),
    own: { caddy: 'own.a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' },
  });
  expect(rejected).toEqual([]);
  expect(['foo.a.test', 'bar.a.test', 'own.a.test'].map((host) => ask(host))).toEqual(['foo', 'bar', 'own']);
  expect(ask('x.foo.a.test')).toBe('path-unknown');
});

it('a site of plain HTTP is there only', () => {
  const { ask } = front({ app: { caddy: 'http://a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' } });
  expect(ask('a.test', '/', 'http')).toBe('app');
  expect(ask('a.test')).not.toBe('app');
});

it('a container whose site is left out is told of, and serves nothing', () => {
  const { ask, rejected } = front({ files: { caddy: 'a.test', 'caddy.file_server': '' } });
  expect(rejected).toEqual([expect.objectContaining({ source: 'docker:files' })]);
  expect(rejected[0]?.message).toContain('caddy.file_server');
  expect(ask('a.test')).toBe('route-unknown');
});
