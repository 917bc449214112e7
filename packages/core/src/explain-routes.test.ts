import { expect, it } from 'vitest';
import { sampleFacts, sampleRoute } from './_samples.ts';
import type { Condition } from './condition.ts';
import { explainRoutes, hostRelation } from './explain-routes.ts';

const HTTP = { isLocal: false, listenerId: 'http' };

function explain(host: string, path = '/', scope = HTTP): string[] {
  const routes = [
    sampleRoute('app.test'),
    sampleRoute('app.test', { path: '/api' }),
    sampleRoute('app.test', { audience: 'local' }),
    sampleRoute('app.test', { path: '/admin', listeners: ['internal'] }),
    sampleRoute('*.app.test'),
    sampleRoute('*.test', { fallThrough: false }),
    sampleRoute('*.localhost', { audience: 'local' }),
    sampleRoute('other.example'),
  ];
  return explainRoutes(routes, { host, path, scope }).candidates.map(
    ({ route, verdict, reason }) => `${verdict} ${route.id}${reason === '' ? '' : `: ${reason}`}`,
  );
}

it('names the chosen route first, then what it outranks, then what failed', () => {
  expect(explain('app.test', '/api/x')).toEqual([
    'chosen app.test/api',
    'outranked app.test/: app.test/api has the longer path',
    'outranked *.test/: app.test/api comes first: an exact host before a wildcard before the host without www. before *',
    'failed app.test/admin: /api/x is not /admin or below it',
    expect.stringMatching(/^failed local:app\.test\/: a local name: it answers only clients on this machine/),
  ]);
});

it('tells the order of wildcards, and why the host without www. waits', () => {
  const lines = explain('www.app.test');
  expect(lines.slice(0, 2)).toEqual([
    'chosen *.app.test/',
    'next *.test/: asked when *.app.test/ answers with an error',
  ]);
  expect(lines).toContainEqual(expect.stringMatching(/^outranked app\.test\/: \*\.app\.test\/ comes first/));
});

it('says on which listeners a route answers', () => {
  expect(explain('app.test', '/admin/x')).toContain(
    'failed app.test/admin: answers on internal; the request comes in on http',
  );
});

it('says that a route that was asked for comes before the local name', () => {
  expect(explain('app.test', '/', { ...HTTP, isLocal: true })).toContain(
    'outranked local:app.test/: app.test/ was asked for by name, and comes before a local name',
  );
});

it('names each part of a condition that does not hold', () => {
  const explainCondition = (condition: Condition): string[] => {
    const question = { host: 'app.test', path: '/', scope: HTTP, facts: sampleFacts({ host: 'app.test' }) };
    const routes = [sampleRoute('app.test', { condition })];
    return explainRoutes(routes, question).candidates.map(({ verdict, reason }) => `${verdict} ${reason}`);
  };
  const header: Condition = { type: 'header', name: 'x-a', value: 'b' };
  const post: Condition = { type: 'method', methods: ['POST', 'PUT'] };
  const get: Condition = { type: 'method', methods: ['GET'] };
  expect(explainCondition({ type: 'all', of: [header, get, post] })).toEqual([
    'failed header x-a is not b and method is not POST or PUT',
  ]);
  expect(explainCondition({ type: 'any', of: [header, { type: 'cookie', name: 'c', value: null }] })).toEqual([
    'failed header x-a is not b and cookie c is absent',
  ]);
  expect(explainCondition({ type: 'none', of: [header, get] })).toEqual(['failed method is GET, which is excluded']);
  const secrets: Condition[] = [
    { type: 'header', name: 'authorization', value: 'Bearer s3cret' },
    { type: 'queryPattern', name: 'api_key', pattern: 's3cret' },
    { type: 'cookie', name: 'a', value: 's3cret' },
  ];
  expect(explainCondition({ type: 'any', of: secrets })).toEqual([
    'failed header authorization is not *** and query api_key does not match *** and cookie a is not ***',
  ]);
  expect(explainCondition({ type: 'any', of: [] })).toEqual(['failed a choice of nothing never holds']);
});

it('says which priority came first', () => {
  const routes = [sampleRoute('app.test', { path: '/api' }), sampleRoute('app.test', { id: 'first', priority: 99 })];
  const [, outranked] = explainRoutes(routes, { host: 'app.test', path: '/api', scope: HTTP }).candidates;
  expect(outranked?.reason).toBe('first has the higher priority: 99 against 38');
});

it('tells how a path is compared', () => {
  const detail = (pathMatch: 'prefix' | 'exact', path: string): string | undefined => {
    const routes = [sampleRoute('app.test', { path: '/api', pathMatch })];
    const [candidate] = explainRoutes(routes, { host: 'app.test', path, scope: HTTP }).candidates;
    return candidate?.checks.find(({ matcher }) => matcher === 'path')?.detail;
  };
  expect([
    detail('prefix', '/apis'),
    detail('prefix', '/x'),
    detail('exact', '/api'),
    detail('exact', '/api/'),
  ]).toEqual([
    '/apis begins with /api',
    '/x does not begin with /api',
    '/api is exactly /api',
    '/api/ is not exactly /api',
  ]);
});

it('leaves out what the table would not look at', () => {
  expect(explain('other.example')).toEqual(['chosen other.example/']);
  expect(explain('nobody.example')).toEqual([]);
});

it.each([
  ['a.test', 'a.test', 'exact'],
  ['a.test', 'www.a.test', 'www'],
  ['www.a.test', 'a.test', undefined],
  ['a.test', 'wwwxa.test', undefined],
  ['*.a.test', 'b.a.test', 'wildcard'],
  ['*.a.test', 'c.b.a.test', 'wildcard'],
  ['*.a.test', 'a.test', undefined],
  ['*.a.test', 'xa.test', undefined],
  ['*', 'xa.test', 'any'],
] as const)('%s and %s: %s', (pattern, host, relation) => {
  expect(hostRelation(pattern, host)).toBe(relation);
});
