import { exchange, Origin, RawClient, respond } from '@dproxy/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChildEdge, type ChildReport } from './child-edge.ts';

/**
 * threats.md: what costs the proxy a hundred times what it cost its sender is a bug. Measured as processor time of a data
 * plane in its own process per megabyte of request, beside a megabyte of an ordinary body: a ratio, which a slow machine
 * does not change.
 */
const MEGABYTE = 1_000_000;
const HEAD = 'POST / HTTP/1.1\r\nHost: a.example\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const blanks = ' '.repeat(30_000);

function heads(fields: string, { host = 'a.example', path = '/' } = {}): string[] {
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}Connection: keep-alive\r\n\r\n`;
  return Array.from({ length: Math.ceil(MEGABYTE / head.length) }, () => head);
}

function chunks(chunk: string): string[] {
  return [`${CHUNKED}${chunk.repeat(Math.ceil(MEGABYTE / chunk.length))}0\r\n\r\n`];
}

/** Each is about a megabyte; the answers may be any. */
const EXPENSIVE: readonly (readonly [name: string, requests: readonly string[]])[] = [
  ['chunks of one byte', chunks('1\r\nx\r\n')],
  ['chunks of one byte with a leading zero', chunks('01\r\nx\r\n')],
  ['chunks of two bytes with seven zeros', chunks('00000002\r\nxx\r\n')],
  ['heads of the largest size', heads(`X: ${'y'.repeat(32_000)}\r\n`)],
  ['heads of a hundred lines', heads(`X: ${'y'.repeat(300)}\r\n`.repeat(97))],
  ['blanks in Connection', heads(`Connection: a${blanks}b\r\n`)],
  ['blanks in Upgrade', heads(`Connection: upgrade\r\nUpgrade: a${blanks}b\r\n`)],
  ['commas in Upgrade', heads(`Connection: upgrade\r\nUpgrade: ${'a,'.repeat(15_000)}b\r\n`)],
  ['blanks in TE', heads(`TE: trailers${blanks}x\r\n`)],
  ['semicolons in Accept, on an error page', heads(`Accept: ${';'.repeat(32_000)}\r\n`, { host: 'no.example' })],
  ['commas in X-Forwarded-For of a trusted proxy', heads(`X-Forwarded-For: ${'127.0.0.1,'.repeat(3_000)}x\r\n`)],
  ['dot segments', heads('', { path: `/${'%2e%2e/'.repeat(2_000)}` })],
  ['semicolons in the path', heads('', { path: `/${';/'.repeat(7_000)}` })],
];

/** How many times the cost of an ordinary megabyte is too much. A head is dearer than a body by nature. */
const FACTOR = 100;

describe('the cost of a request', () => {
  let origin: Origin;
  let edge: ChildEdge;
  let ordinary = 0;

  /** Processor time of the data plane, in microseconds. */
  async function costOf(requests: readonly string[]): Promise<number> {
    const before: ChildReport = await edge.report();
    using client = await RawClient.connect({ port: edge.port });
    // One after another, on one connection where the proxy keeps it.
    let current = client;
    for (const request of requests) {
      if (current.isEnded) current = await RawClient.connect({ port: edge.port });
      void current.write(request);
      const response = await current.readResponse();
      if (response.header('connection') === 'close') await current.ended;
    }
    if (current !== client) current.close();
    const after = await edge.report();
    expect(after.unhandled).toEqual([]);
    return after.cpu - before.cpu;
  }

  beforeAll(async () => {
    origin = await Origin.start(respond({ body: 'ok' }));
    const { port } = origin;
    edge = await ChildEdge.start({
      routes: [{ host: 'a.example', to: { port } }],
      settings: { trustedProxies: ['127.0.0.1'] },
    });
    const warmUp = `${HEAD}Connection: close\r\nContent-Length: 0\r\n\r\n`;
    for (let count = 0; count < 200; count++) await exchange({ port: edge.port, request: warmUp });
    ordinary = (await costOf([`${HEAD}Content-Length: ${20 * MEGABYTE}\r\n\r\n${'x'.repeat(20 * MEGABYTE)}`])) / 20;
  });

  afterAll(async () => {
    await edge[Symbol.asyncDispose]();
    await origin.close();
  });

  it.each(EXPENSIVE)('is in proportion to its size: %s', async (_name, requests) => {
    // The least of three: whatever else the machine does can only add to it.
    let cost = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3 && cost >= FACTOR * ordinary; attempt++) cost = await costOf(requests);
    expect(cost).toBeLessThan(FACTOR * ordinary);
  });
});
