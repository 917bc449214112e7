import { describe, expect, it } from 'vitest';
import { sampleFacts, sampleRoute } from './_samples.ts';
import { isSameMatch, matchScope, type MatchScope } from './route-match.ts';
import { compileRoutes } from './route-table.ts';
import type { Route } from './route.ts';

const HTTP: MatchScope = { isLocal: false, listenerId: 'http' };
const LOCAL: MatchScope = { isLocal: true, listenerId: 'http' };

/** `outcome id id ...`, so that one line says it all. */
function ask(routes: readonly Route[], host: string, path = '/', scope = HTTP): string {
  const { outcome, routes: found } = compileRoutes(routes).lookup(host, path, scope);
  return [outcome, ...found.map(({ id }) => id)].join(' ');
}

describe('hosts', () => {
  const routes = ['a.test', '*.a.test', '*.b.a.test', 'x.test', '*.localhost'].map((host) => sampleRoute(host));

  it.each([
    ['a.test', 'exact a.test/'],
    ['b.a.test', 'wildcard *.a.test/'],
    ['c.b.a.test', 'wildcard *.b.a.test/ *.a.test/'],
    ['z.y.c.b.a.test', 'wildcard *.b.a.test/ *.a.test/'],
    ['www.a.test', 'wildcard *.a.test/'],
    ['www.x.test', 'www x.test/'],
    ['www.www.x.test', 'route-unknown'],
    ['y.x.test', 'route-unknown'],
    ['test', 'route-unknown'],
    ['', 'route-unknown'],
    ['app.localhost', 'wildcard *.localhost/'],
    ['localhost', 'route-unknown'],
    ['__proto__', 'route-unknown'],
    ['constructor', 'route-unknown'],
    [`${'a.'.repeat(10_000)}a.test`, 'route-unknown'],
  ])('%s: %s', (host, answer) => {
    expect(ask(routes, host)).toBe(answer);
  });

  it('finds hosts that are named like parts of every object', () => {
    const odd = ['__proto__', 'constructor', '*.hasownproperty'].map((host) => sampleRoute(host));
    expect(ask(odd, '__proto__')).toBe('exact __proto__/');
    expect(ask(odd, 'constructor')).toBe('exact constructor/');
    expect(ask(odd, '__proto__.hasownproperty')).toBe('wildcard *.hasownproperty/');
  });

  it('ends the candidates at the first that allows no other', () => {
    const [outer, inner] = [sampleRoute('*.test'), sampleRoute('*.a.test', { fallThrough: false })];
    expect(ask([outer, inner], 'x.a.test')).toBe('wildcard *.a.test/');
  });

  it('gives the same answer object each time where one route answers', () => {
    const table = compileRoutes(routes);
    for (const host of ['a.test', 'b.a.test', 'www.x.test', 'nobody.test']) {
      expect(table.lookup(host, '/', HTTP)).toBe(table.lookup(host, '/', HTTP));
    }
  });
});

describe('every host', () => {
  const routes = ['*', 'a.test', '*.b.test'].map((host) => sampleRoute(host, host === '*' ? {} : { path: '/api' }));

  it.each([
    ['nobody.test', '/', 'any */'],
    ['a.test', '/api', 'exact a.test/api'],
    ['a.test', '/', 'any */'],
    ['x.b.test', '/api', 'wildcard *.b.test/api'],
    ['x.b.test', '/', 'any */'],
    ['www.a.test', '/api', 'www a.test/api'],
    ['www.a.test', '/', 'any */'],
    ['[::1]', '/', 'any */'],
  ])('%s%s: %s', (host, path, answer) => {
    expect(ask(routes, host, path)).toBe(answer);
  });

  it('is known wherever it listens, though no path of it fits', () => {
    const every = [sampleRoute('*', { path: '/api', listeners: ['other'] })];
    expect(ask(every, 'a.test')).toBe('route-unknown');
    expect(ask(every, 'a.test', '/', { ...HTTP, listenerId: 'other' })).toBe('path-unknown');
  });
});

describe('kinds of paths', () => {
  const routes = [
    sampleRoute('a.test', { path: '/api', pathMatch: 'prefix', id: 'prefix' }),
    sampleRoute('a.test', { path: '/api', pathMatch: 'segments', id: 'segments' }),
    sampleRoute('a.test', { path: '/api', pathMatch: 'exact', id: 'exact' }),
    sampleRoute('a.test', { path: '/api/v1/', pathMatch: 'prefix', id: 'folder' }),
    sampleRoute('a.test', { path: '/', pathMatch: 'exact', id: 'root' }),
  ];

  it.each([
    ['/', 'exact root'],
    ['/x', 'path-unknown'],
    ['/ap', 'path-unknown'],
    ['/api', 'exact exact'],
    ['/api/', 'exact segments'],
    ['/api/v1', 'exact segments'],
    ['/api/v1/', 'exact folder'],
    ['/api/v1/x', 'exact folder'],
    ['/apis', 'exact prefix'],
    ['/apis/v1/', 'exact prefix'],
  ])('%s: %s', (path, answer) => {
    expect(ask(routes, 'a.test', path)).toBe(answer);
  });
});

describe('priorities', () => {
  // Host(`a.test`) counts 14, with PathPrefix(`/api`) 36.
  const withPriority = (priority: number): Route => sampleRoute('a.test', { id: `p${priority}`, priority });
  const api = sampleRoute('a.test', { path: '/api' });

  it.each([
    [1, 'exact a.test/api'],
    [36, 'exact a.test/api'],
    [37, 'exact p37'],
  ])('%i against the length of a rule: %s', (priority, answer) => {
    expect(ask([withPriority(priority), api], 'a.test', '/api/x')).toBe(answer);
  });

  it('may be below everything that says none', () => {
    expect(ask([withPriority(-1), sampleRoute('a.test')], 'a.test')).toBe('exact a.test/');
  });

  it('lifts no pattern over one that is more specific', () => {
    const every = sampleRoute('*', { priority: 1_000_000 });
    const wildcard = sampleRoute('*.test', { priority: 1_000_000 });
    expect(ask([every, wildcard, sampleRoute('a.test')], 'a.test')).toBe('exact a.test/');
    expect(ask([every, sampleRoute('*.test')], 'a.test')).toBe('wildcard *.test/');
  });
});

describe('conditions', () => {
  const canary = sampleRoute('a.test', {
    id: 'canary',
    condition: { type: 'header', name: 'x-canary', value: 'yes' },
  });
  const lookup = (routes: readonly Route[], headers: string): string =>
    compileRoutes(routes)
      .lookup('a.test', '/', HTTP, sampleFacts({ host: 'a.test', headers }))
      .routes.map(({ id }) => id)
      .join(' ');

  it('come before the same host and path without one', () => {
    const routes = [sampleRoute('a.test'), canary];
    expect(lookup(routes, 'x-canary: yes\r\n')).toBe('canary');
    expect(lookup(routes, '')).toBe('a.test/');
  });

  it('leave a host to a less specific pattern where none holds', () => {
    expect(lookup([canary, sampleRoute('*.test'), sampleRoute('*')], '')).toBe('*.test/');
    expect(lookup([canary, sampleRoute('*')], '')).toBe('*/');
  });

  it('do not hide that the host is known', () => {
    expect(ask([canary], 'a.test')).toBe('path-unknown');
  });

  it('are counted, so that facts need to be made only where there are any', () => {
    const plain = compileRoutes([sampleRoute('a.test')]);
    expect(plain.hasConditions).toBe(false);
    const more = plain.with([], [canary]);
    expect([more.hasConditions, more.with([canary], []).hasConditions]).toEqual([true, false]);
  });
});

describe('paths', () => {
  const routes = ['/', '/api', '/api/v1', '/api-docs', '/app'].map((path) => sampleRoute('a.test', { path }));

  it.each([
    ['/', '/'],
    ['/x', '/'],
    ['/api', '/api'],
    ['/api/', '/api'],
    ['/api/v1', '/api/v1'],
    ['/api/v1/users', '/api/v1'],
    ['/api/v12', '/api'],
    ['/apis', '/'],
    ['/api-docs/x', '/api-docs'],
    ['/api-doc', '/'],
    ['/ap', '/'],
    ['/app/x', '/app'],
  ])('%s goes to %s', (path, prefix) => {
    expect(ask(routes, 'a.test', path)).toBe(`exact a.test${prefix}`);
  });

  it('falls to the next host when a host has no route for the path', () => {
    const all = [
      sampleRoute('x.a.test', { path: '/api' }),
      sampleRoute('*.a.test', { path: '/web' }),
      sampleRoute('*.test'),
    ];
    expect(ask(all, 'x.a.test', '/api/1')).toBe('exact x.a.test/api');
    expect(ask(all, 'x.a.test', '/web')).toBe('wildcard *.a.test/web *.test/');
    expect(ask(all, 'x.a.test', '/other')).toBe('wildcard *.test/');
  });

  it('says that the path is unknown only where the host is known', () => {
    const all = [sampleRoute('a.test', { path: '/api' }), sampleRoute('*.b.test', { path: '/api' })];
    expect(ask(all, 'a.test', '/')).toBe('path-unknown');
    expect(ask(all, 'www.a.test', '/')).toBe('path-unknown');
    expect(ask(all, 'x.b.test', '/')).toBe('path-unknown');
    expect(ask(all, 'c.test', '/')).toBe('route-unknown');
  });
});

describe('scope', () => {
  it('shows local names to local clients only, and does not betray them to others', () => {
    const routes = [sampleRoute('app.localhost', { audience: 'local' })];
    expect(ask(routes, 'app.localhost', '/', LOCAL)).toBe('exact local:app.localhost/');
    expect(ask(routes, 'app.localhost', '/', HTTP)).toBe('route-unknown');
  });

  it('prefers what was asked for by name to a local name', () => {
    const routes = [sampleRoute('app.localhost', { audience: 'local' }), sampleRoute('app.localhost')];
    expect(ask(routes, 'app.localhost', '/', LOCAL)).toBe('exact app.localhost/');
  });

  it('answers on the listeners of the route only', () => {
    const routes = [sampleRoute('a.test', { listeners: ['https', 'internal'] })];
    expect(ask(routes, 'a.test', '/', { isLocal: false, listenerId: 'internal' })).toBe('exact a.test/');
    expect(ask(routes, 'a.test', '/', HTTP)).toBe('route-unknown');
  });

  it('falls to a shorter path when the longer one is for others', () => {
    const routes = [sampleRoute('a.test'), sampleRoute('a.test', { path: '/admin', listeners: ['internal'] })];
    expect(ask(routes, 'a.test', '/admin')).toBe('exact a.test/');
  });
});

it('tells whether the path as sent and the canonical one lead to the same place', () => {
  const routes = ['a.test', '*.b.test', '*.test'].map((host) => sampleRoute(host));
  const table = compileRoutes([...routes, sampleRoute('a.test', { path: '/admin' })]);
  const isSame = (host: string, raw: string, path: string): boolean =>
    isSameMatch(table.lookup(host, raw, HTTP), table.lookup(host, path, HTTP));
  expect(isSame('a.test', '/x//y', '/x/y')).toBe(true);
  expect(isSame('x.b.test', '/x//y', '/x/y')).toBe(true);
  expect(isSame('a.test', '//admin', '/admin')).toBe(false);
  expect(isSame('a.test', '/x/../admin', '/admin')).toBe(false);
  expect(isSame('a.test', '/admin;x/y', '/admin/y')).toBe(false);
});

describe('a listener that was opened for a port', () => {
  const table = compileRoutes([
    sampleRoute('a.test'),
    sampleRoute('a.test', { path: '/p', listeners: ['http:5000'] }),
    sampleRoute('*.b.test'),
  ]);
  const find = (host: string, path: string, listenerId: string): string | undefined =>
    table.lookup(host, path, matchScope(listenerId, false)).routes[0]?.path;

  it('has only the routes that name it', () => {
    expect([find('a.test', '/p', 'http:5000'), find('a.test', '/', 'http:5000')]).toEqual(['/p', undefined]);
    expect(table.lookup('x.b.test', '/', matchScope('http:5000', false)).outcome).toBe('route-unknown');
    expect([find('a.test', '/p', 'http'), find('x.b.test', '/', 'mine')]).toEqual(['/', '/']);
  });
});

describe('the nearest pattern', () => {
  it.each([
    ['a.test', 'a.test'],
    ['www.a.test', 'a.test'],
    ['x.y.b.test', '*.y.b.test'],
    ['x.b.test', '*.b.test'],
    ['b.test', '*'],
    ['only.test', '*'],
  ])('of %s is %s, whatever its paths', (host, pattern) => {
    const table = compileRoutes([
      sampleRoute('a.test', { path: '/deep' }),
      sampleRoute('*.b.test'),
      sampleRoute('*.y.b.test'),
      sampleRoute('*'),
      sampleRoute('only.test', { listeners: ['other'] }),
    ]);
    expect(table.nearestPattern(host, matchScope('http', false))).toBe(pattern);
  });

  it('is none where nobody knows the host', () => {
    expect(compileRoutes([sampleRoute('a.test')]).nearestPattern('b.test', matchScope('http', false))).toBe('');
  });
});
