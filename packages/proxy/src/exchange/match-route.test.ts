import { describe, expect, test } from 'vitest';
import type { Condition, Route } from '@dproxy/core';
import { Origin, readHttp2Response, type RouteSpec, type SnapshotSpec } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { startHttp2Edge } from '../fixtures/http2-edge.ts';

/** A route that answers with its name. */
function named(body: string, more: Partial<Route> = {}): RouteSpec {
  return { host: 'a.test', ...more, action: { type: 'respond', status: 200, body, headers: [] } };
}

/** What each request is answered with: the name of the route, or the status of a refusal. */
async function answers(spec: SnapshotSpec, ...requests: readonly string[]): Promise<string[]> {
  await using edge = await startEdge(spec);
  const found: string[] = [];
  for (const request of requests) {
    using client = await edge.connect();
    await client.write(request);
    const { status, body } = await client.readResponse();
    found.push(status === 200 ? body.text : String(status));
  }
  return found;
}

const header = (name: string, value: string | null): Condition => ({ type: 'header', name, value });

describe('conditions', () => {
  test('split one host and path by header, by cookie, by query and by method', async () => {
    const routes = [
      named('plain'),
      named('header', { condition: header('x-canary', 'yes'), priority: 104 }),
      named('cookie', { condition: { type: 'cookie', name: 'canary', value: '1' }, priority: 103 }),
      named('query', { condition: { type: 'query', name: 'v', value: 'b c' }, priority: 102 }),
      named('method', { condition: { type: 'method', methods: ['DELETE'] }, priority: 101 }),
    ];
    expect(
      await answers(
        { routes },
        getRequest(),
        getRequest('a.test', '/', 'X-Canary: yes\r\n'),
        getRequest('a.test', '/', 'X-Canary: no\r\nx-canary:  yes \r\n'),
        getRequest('a.test', '/', 'Cookie: a=b; canary=1\r\n'),
        getRequest('a.test', '/?v=a&v=b+c'),
        getRequest().replace('GET', 'DELETE'),
      ),
    ).toEqual(['plain', 'header', 'header', 'cookie', 'query', 'method']);
  });

  test('leave the request to a less specific host, and to nobody where there is none', async () => {
    const condition = header('x-key', null);
    expect(await answers({ routes: [named('key', { condition }), named('any', { host: '*' })] }, getRequest())).toEqual(
      ['any'],
    );
    expect(await answers({ routes: [named('key', { condition })] }, getRequest())).toEqual(['404']);
  });

  test('know a client by its connection, or by what a trusted proxy says', async () => {
    const routes = [named('others'), named('office', { condition: { type: 'client', ranges: ['192.0.2.0/24'] } })];
    const forwarded = getRequest('a.test', '/', 'X-Forwarded-For: 192.0.2.7\r\n');
    expect(await answers({ routes }, forwarded)).toEqual(['others']);
    expect(await answers({ routes, settings: { trustedProxies: ['127.0.0.1'] } }, forwarded)).toEqual(['office']);
    const loopback = [named('local', { condition: { type: 'client', ranges: ['127.0.0.0/8'] } })];
    expect(await answers({ routes: loopback }, forwarded)).toEqual(['local']);
  });

  // What a client says about itself must not choose a route: CVE-2024-52003 and its family.
  test('see no forwarding header that nobody vouches for', async () => {
    const routes = [
      named('in clear'),
      named('https', { condition: header('x-forwarded-proto', 'https') }),
      named('forged', { condition: header('x-forwarded-prefix', null), priority: 200 }),
    ];
    const forged = getRequest('a.test', '/', 'X-Forwarded-Proto: https\r\nX-Forwarded-Prefix: /admin\r\n');
    expect(await answers({ routes }, forged)).toEqual(['in clear']);
    expect(await answers({ routes, settings: { trustedProxies: ['127.0.0.1'] } }, forged)).toEqual(['https']);
  });

  test('see the fields that do not go on', async () => {
    const routes = [
      named('plain'),
      named('socket', {
        condition: { type: 'all', of: [header('upgrade', 'websocket'), header('connection', 'Upgrade')] },
      }),
      named('sized', { condition: header('content-length', '0') }),
      named('port', { condition: header('host', 'a.test:81'), priority: 200 }),
    ];
    expect(
      await answers(
        { routes },
        getRequest('a.test', '/', 'Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n'),
        getRequest('a.test:81'),
      ),
    ).toEqual(['socket', 'port']);
  });

  test('are the same over HTTP/2, where cookies may come in several lines', async () => {
    await using origin = await Origin.start({ name: 'both' });
    const condition: Condition = {
      type: 'all',
      of: [
        { type: 'encrypted', is: true },
        { type: 'cookie', name: 'a', value: '1' },
        { type: 'cookie', name: 'b', value: '2' },
        { type: 'query', name: 'q', value: null },
        header('host', 'a.test'),
      ],
    };
    await using edge = await startHttp2Edge(origin, { route: { condition } });
    using client = await edge.http2();
    const statusOf = async (headers: Record<string, string | string[]>): Promise<number> =>
      (await readHttp2Response(client.open(headers))).status;
    expect(await statusOf({ ':path': '/?q', cookie: ['a=1', 'b=2'] })).toBe(200);
    expect(await statusOf({ ':path': '/?q', cookie: 'a=1' })).toBe(404);
  });

  test('tell HTTPS from HTTP by the connection', async () => {
    const routes = [named('clear', { condition: { type: 'encrypted', is: false } })];
    expect(await answers({ routes }, getRequest('a.test', '/', 'X-Forwarded-Proto: https\r\n'))).toEqual(['clear']);
  });
});

// CVE-2025-66490: `/admin%2F` and its kind are one path for the proxy and another for the backend.
describe('a path that two readers read differently', () => {
  const refused: readonly (readonly [name: string, path: string, guarded: Partial<Route>])[] = [
    ['an exact path', '/x/../admin', { path: '/admin', pathMatch: 'exact' }],
    ['an exact path with an escape', '/%61dmin', { path: '/admin', pathMatch: 'exact' }],
    ['an exact path with two slashes', '//admin', { path: '/admin', pathMatch: 'exact' }],
    ['a raw prefix', '/x/../admins', { path: '/admin', pathMatch: 'prefix' }],
    ['a raw prefix that only the raw path has', '/admin/../x', { path: '/admin', pathMatch: 'prefix' }],
    ['a path condition', '/x//admin', { condition: { type: 'path', kind: 'prefix', path: '/x/admin' } }],
    ['a path pattern', '/a%64min', { condition: { type: 'pathPattern', pattern: '^/admin' } }],
    [
      'a path pattern that keeps out',
      '/x/../admin',
      { condition: { type: 'none', of: [{ type: 'pathPattern', pattern: '^/admin' }] } },
    ],
    ['a lifted priority', '/x/../admin', { path: '/admin', priority: 1_000 }],
  ];

  test.each(refused)('is refused for %s: %s', async (_name, path, guarded) => {
    const routes = [named('site'), named('guarded', guarded)];
    expect(await answers({ routes }, getRequest('a.test', path))).toEqual(['400']);
  });

  test('is served where both lead to the same place', async () => {
    const routes = [named('site'), named('guarded', { condition: { type: 'pathPattern', pattern: '^/admin' } })];
    expect(await answers({ routes }, getRequest('a.test', '/x//y'), getRequest('a.test', '/admin//y'))).toEqual([
      'site',
      'guarded',
    ]);
  });
});
