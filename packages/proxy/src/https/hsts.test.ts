import { DEFAULT_HTTPS, type HeaderRules } from '@dproxy/core';
import { type Behaviour, Origin, respond, type RouteSpec } from '@dproxy/testkit';
import { describe, expect, test } from 'vitest';
import { getRequest } from '../fixtures/edge.ts';
import { startHttpsEdge, valuesOf } from '../fixtures/https-edge.ts';

const FIELD = 'strict-transport-security';
const OURS = 'max-age=600; includeSubDomains';
const THEIRS: Behaviour = respond({
  headers: [
    ['Strict-Transport-Security', 'max-age=1'],
    ['X-Other', 'kept'],
  ],
});
const TLS = { servername: 'a.test' };

function routeOf(origin: Origin, hsts = OURS, headers: Partial<HeaderRules> = {}): RouteSpec {
  return { host: 'a.test', to: origin, headers, https: { ...DEFAULT_HTTPS, redirect: 0, hsts } };
}

async function pinned(
  routes: readonly RouteSpec[],
  request = getRequest('a.test'),
  tls: typeof TLS | 'clear' = TLS,
): Promise<string[]> {
  await using edge = await startHttpsEdge({ routes, settings: { trustedProxies: ['127.0.0.1'] } });
  return valuesOf(await edge.ask(request, tls === 'clear' ? undefined : tls), FIELD);
}

describe('Strict-Transport-Security', () => {
  test("takes the place of the backend's, and of nothing else", async () => {
    await using origin = await Origin.start(THEIRS);
    await using edge = await startHttpsEdge({ routes: [routeOf(origin)] });
    const answer = await edge.ask(getRequest('a.test'), TLS);
    expect([valuesOf(answer, FIELD), valuesOf(answer, 'x-other')]).toEqual([[OURS], ['kept']]);
  });

  test("leaves the backend's alone where nobody asked for ours", async () => {
    await using origin = await Origin.start(THEIRS);
    expect(await pinned([routeOf(origin, '')])).toEqual(['max-age=1']);
  });

  test('is beside the header rules of the route, which have the last word about it', async () => {
    await using origin = await Origin.start(THEIRS);
    const set: HeaderRules['responseSet'] = [['strict-transport-security', 'max-age=2']];
    expect(await pinned([routeOf(origin, OURS, { responseSet: set })])).toEqual(['max-age=2']);
    expect(await pinned([routeOf(origin, OURS, { responseRemove: [FIELD] })])).toEqual([OURS]);
    expect(await pinned([routeOf(origin, OURS, { responseSet: [['x-a', 'b']] })])).toEqual([OURS]);
  });

  test('is on answers of our own: fixed ones, redirects and pages', async () => {
    const https = { ...DEFAULT_HTTPS, hsts: OURS };
    const action = { type: 'respond', status: 200, body: 'hello', headers: [] } as const;
    expect(await pinned([{ host: 'a.test', action, https }])).toEqual([OURS]);
    const own = { ...action, headers: [['Strict-Transport-Security', 'max-age=3']] } as const;
    expect(await pinned([{ host: 'a.test', action: own, https }])).toEqual(['max-age=3']);
    expect(
      await pinned([{ host: 'a.test', action: { type: 'redirect', status: 302, location: '/x' }, https }]),
    ).toEqual([OURS]);
    expect(await pinned([{ host: 'a.test', to: [], https }])).toEqual([OURS]);
  });

  test('is never sent in clear', async () => {
    await using origin = await Origin.start();
    expect(await pinned([routeOf(origin)], getRequest('a.test'), 'clear')).toEqual([]);
    const claims = 'X-Forwarded-Proto: https\r\n';
    expect(await pinned([routeOf(origin)], getRequest('a.test', '/', claims), 'clear')).toEqual([]);
  });

  test('is not sent to a client that came to a trusted proxy in clear', async () => {
    await using origin = await Origin.start();
    expect(await pinned([routeOf(origin)], getRequest('a.test', '/', 'X-Forwarded-Proto: http\r\n'))).toEqual([]);
    expect(await pinned([routeOf(origin)], getRequest('a.test', '/', 'X-Forwarded-Proto: https\r\n'))).toEqual([OURS]);
  });

  test('is not sent where the local CA vouched for the connection, or would for the host', async () => {
    await using origin = await Origin.start();
    const routes = ['a.test', 'app.localhost', '127.0.0.1'].map((host) => ({ ...routeOf(origin), host }));
    expect(await pinned(routes, getRequest('a.test'), { servername: 'app.localhost' })).toEqual([]);
    expect(await pinned(routes, getRequest('a.test'), { servername: '' })).toEqual([]);
    expect(await pinned(routes, getRequest('app.localhost'), { servername: 'app.localhost' })).toEqual([]);
    expect(await pinned(routes, getRequest('app.localhost'))).toEqual([]);
    expect(await pinned(routes, getRequest('127.0.0.1'))).toEqual([]);
  });
});
