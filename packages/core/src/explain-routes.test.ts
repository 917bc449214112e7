import { expect, it } from 'vitest';
import { sampleRoute } from './_samples.ts';
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
    'outranked *.test/: app.test/api comes first: an exact host before a wildcard before the host without www.',
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
] as const)('%s and %s: %s', (pattern, host, relation) => {
  expect(hostRelation(pattern, host)).toBe(relation);
});
