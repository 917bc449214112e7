import type { Backend } from '@dproxy/core';
import { type BackendSpec, listenerOf, RawClient, streamOf, type RouteSpec } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { answers, Backends } from '../fixtures/backends.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';

/** Longer than any test: the share stays at its beginning. */
const HOUR_MS = 3_600_000;
const REQUESTS = 200;

function inState(route: RouteSpec, states: Readonly<Record<string, Backend['state']>>): RouteSpec {
  const to = (route.to as readonly BackendSpec[]).map((spec) => ({
    ...spec,
    state: states[spec.id?.slice(-1) ?? ''] ?? 'ready',
  }));
  return { ...route, to };
}

const countOf = (names: string, name: string): number => names.split(name).length - 1;

describe('slow start', () => {
  it('gives a backend that becomes ready a small share of the requests', async () => {
    await using backends = await Backends.start('ab');
    const route = backends.route({ slowStartMs: HOUR_MS });
    await using edge = await startEdge({ routes: [inState(route, { b: 'starting' })] });
    await edge.apply({ routes: [route], version: 2 });
    using client = await edge.connect();
    const names = await answers(client, REQUESTS);
    // 5% of them; by chance it is more than 40 once in a million million runs.
    expect(countOf(names, 'b')).toBeLessThan(40);
    expect(countOf(names, 'a') + countOf(names, 'b')).toBe(REQUESTS);
  });

  it('does not count for backends of the first table, nor where nobody else is there', async () => {
    await using backends = await Backends.start('ab');
    const route = backends.route({ slowStartMs: HOUR_MS });
    await using edge = await startEdge({ routes: [route] });
    using client = await edge.connect();
    expect(await answers(client, 4)).toBe('abab');
    await edge.apply({ routes: [inState(route, { b: 'stopped' })], version: 2 });
    await edge.apply({ routes: [inState(route, { a: 'stopped' })], version: 3 });
    expect(await answers(client, 4)).toBe('bbbb');
  });
});

describe('a route whose backends are all unhealthy', () => {
  const UNHEALTHY = { a: 'unhealthy', b: 'unhealthy' } as const;

  it('answers 503', async () => {
    await using backends = await Backends.start('ab');
    await using edge = await startEdge({ routes: [inState(backends.route({}), UNHEALTHY)] });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(503);
    expect(backends.of('a').requests).toHaveLength(0);
  });

  it('asks them all where it panics, and only healthy ones as soon as there is one', async () => {
    await using backends = await Backends.start('ab');
    const route: RouteSpec = { ...backends.route({}), panic: true };
    await using edge = await startEdge({ routes: [inState(route, UNHEALTHY)] });
    using client = await edge.connect();
    expect(await answers(client, 4)).toBe('abab');
    await edge.apply({ routes: [inState(route, { a: 'unhealthy' })], version: 2 });
    expect(await answers(client, 4)).toBe('bbbb');
  });

  it('panics as a stream, too', async () => {
    await using backends = await Backends.start('a');
    const listener = listenerOf({ id: 'tcp:1', protocol: 'tcp' });
    const route = inState(backends.route({}), UNHEALTHY);
    const stream = streamOf({ listenerId: 'tcp:1', backendIds: ['file:a'], panic: true });
    await using edge = await startEdge({ routes: [route], listeners: [listener], streams: [stream] });
    using client = await RawClient.connect({ port: edge.port('tcp:1') });
    expect(await answers(client, 1)).toBe('a');
  });
});
