import * as fc from 'fast-check';
import { silentLog } from '@dproxy/core';
import { listenerOf, RawClient, snapshotOf, type RouteSpec } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEdge } from '../fixtures/edge.ts';
import { Rehearsal } from './rehearsal.ts';

const LISTENER = listenerOf();

let edge: Awaited<ReturnType<typeof startEdge>>;
let rehearsal: Rehearsal;

beforeAll(async () => {
  edge = await startEdge({});
  // One for all: what it keeps from one table to the next must not show.
  rehearsal = new Rehearsal(silentLog);
});
afterAll(async () => {
  rehearsal.close();
  await edge[Symbol.asyncDispose]();
});

const host = fc
  .array(fc.constantFrom('a', 'b', 'www', '__proto__', '-a'), { minLength: 1, maxLength: 2 })
  .map((labels) => labels.join('.'));
const path = fc
  .array(fc.constantFrom('api', 'a', '.well-known', 'acme-challenge'), { maxLength: 2 })
  .map((segments) => `/${segments.join('/')}`);
const rawPath = fc.oneof(
  path,
  fc
    .array(fc.constantFrom('/', 'api', 'a', '..', '.', ';x', '%2F', '%61', '%', '\\', '%00', '?q', '"', '#'), {
      maxLength: 6,
    })
    .map((parts) => `/${parts.join('')}`),
);
const OFFLINE = { port: 9, state: 'unhealthy' } as const;
const route: fc.Arbitrary<RouteSpec> = fc
  .record({
    host: fc.oneof(
      host,
      host.map((name) => `*.${name}`),
    ),
    path,
    audience: fc.constantFrom('everyone' as const, 'local' as const),
    listeners: fc.constantFrom([], ['http'], ['elsewhere']),
    fallThrough: fc.boolean(),
    isOffline: fc.boolean(),
  })
  .map(({ isOffline, ...spec }) => {
    const body = `${spec.audience} ${spec.host}${spec.path}`;
    return isOffline
      ? { ...spec, to: OFFLINE }
      : { ...spec, action: { type: 'respond', status: 200, body, headers: [] } };
  });
const request = fc.record({
  host: fc.oneof(
    { weight: 4, arbitrary: host },
    { weight: 2, arbitrary: host.map((name) => `www.${name}`) },
    fc.constantFrom('A.B:80', 'a.', 'a..b', 'a b', '', '[::1]'),
  ),
  rawPath,
  headers: fc.constantFrom(
    '',
    '',
    '',
    'X-Forwarded-For: 192.0.2.1\r\n',
    'Host: b\r\n',
    'X : y\r\n',
    'Content-Length: 0\r\n',
  ),
});

it('decides what the data plane answers, for any table and request', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(route, { selector: idOf, minLength: 2, maxLength: 8 }),
      request,
      async (routes, asked) => {
        const snapshot = snapshotOf({ routes, listeners: [LISTENER] });
        await edge.apply(snapshot);
        const head = `GET ${asked.rawPath} HTTP/1.1\r\nHost: ${asked.host}\r\n${asked.headers}\r\n`;
        using client = await RawClient.connect({ port: edge.port() });
        await client.write(head);
        const real = await client.readResponse();
        const rehearsed = rehearsal.run(snapshot, new Map(), {
          listener: LISTENER,
          httpsListener: undefined,
          head,
          serverName: '',
          client: '127.0.0.1',
          server: '127.0.0.1',
          hasClientCertificate: false,
        });
        seen.add(`${rehearsed.answer} ${rehearsed.status} ${rehearsed.outcome}`);
        expect(rehearsed.status).toBe(real.status);
        if (rehearsed.answer !== 'respond') return;
        const { audience, host: pattern, path: prefix } = rehearsed.route ?? {};
        expect(real.body.text).toBe(`${audience} ${pattern}${prefix}`);
      },
    ),
    { numRuns: 1_500 },
  );
  // The samples must reach what they are meant to compare.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'respond 200 exact',
      'respond 200 wildcard',
      'respond 200 www',
      'error 400 ',
      'error 503 exact',
    ]),
  );
});

function idOf({ host: pattern, path: prefix = '/', audience }: RouteSpec): string {
  return `${audience} ${pattern}${prefix}`;
}
