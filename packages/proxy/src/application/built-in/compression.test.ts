import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { CompressFilter } from '@dproxy/core';
import { echo, Origin, type Behaviour, type RawResponse } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { echoed, testEdge } from '../fixtures/test-edge.ts';

const TEXT = 'a text that compresses well; '.repeat(200);
const FILTER: CompressFilter = {
  type: 'compress',
  encodings: ['zstd', 'br', 'gzip'],
  minBytes: 1_024,
  includedTypes: [],
  excludedTypes: [],
};

interface Asked {
  readonly accept?: string;
  readonly filter?: Partial<CompressFilter>;
  readonly method?: string;
  readonly request?: string;
}

async function ask(behaviour: Behaviour, { accept = 'gzip', filter = {}, method = 'GET', request = '' }: Asked = {}) {
  await using origin = await Origin.start(behaviour);
  await using edge = await testEdge(origin, {}, { route: { filters: [{ ...FILTER, ...filter }] } });
  return await edge.send(`${method} / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: ${accept}\r\n${request}\r\n`);
}

function answering(headers: Readonly<Record<string, string>>, body = TEXT, status = 200): Behaviour {
  return (exchange) =>
    exchange.respond({ status, headers: Object.entries({ 'content-type': 'text/plain', ...headers }), body });
}

const encodingOf = (answer: RawResponse): string => answer.header('content-encoding') ?? '';

it.each([
  ['gzip', 'gzip', gunzipSync],
  ['br;q=1, gzip;q=0.1', 'br', brotliDecompressSync],
  ['gzip, deflate, br, zstd', 'zstd', zstdDecompressSync],
] as const)('compresses for a client that takes %s as %s', async (accept, encoding, decompress) => {
  const answer = await ask(answering({ etag: '"v1"', 'accept-ranges': 'bytes' }), { accept });
  expect(encodingOf(answer)).toBe(encoding);
  expect(decompress(answer.body.bytes).toString()).toBe(TEXT);
  expect(answer.body.bytes.length).toBeLessThan(TEXT.length / 5);
  expect(answer.header('vary')).toMatch(/accept-encoding/i);
  expect(answer.header('etag')).toBe('W/"v1"');
  expect(answer.header('accept-ranges')).toBeUndefined();
});

it.each<[string, Behaviour, Asked]>([
  ['a client that takes none', answering({}), { accept: 'identity' }],
  ['a client that takes another', answering({}), { accept: 'deflate' }],
  ['what is shorter than it should be', answering({}, 'short'), {}],
  ['a type that is compressed by nature', answering({ 'content-type': 'image/png' }), {}],
  ['an event stream', answering({ 'content-type': 'text/event-stream' }), {}],
  ['an excluded type', answering({}), { filter: { excludedTypes: ['text/plain'] } }],
  ['a type that is not among the included', answering({}), { filter: { includedTypes: ['text/html'] } }],
  ['no-transform', answering({ 'cache-control': 'public, no-transform' }), {}],
  ['a part of a file', answering({ 'content-range': `bytes 0-9/${TEXT.length}` }, '0123456789', 206), {}],
])('leaves alone %s', async (_what, behaviour, asked) => {
  const answer = await ask(behaviour, asked);
  expect(encodingOf(answer)).toBe('');
});

it('leaves alone what the backend has compressed itself', async () => {
  const answer = await ask(answering({ 'content-encoding': 'br' }));
  expect(encodingOf(answer)).toBe('br');
  expect(answer.body.text).toBe(TEXT);
});

it('answers HEAD without a body and with the length of the whole', async () => {
  const answer = await ask(answering({}), { method: 'HEAD' });
  expect(encodingOf(answer)).toBe('');
  expect(answer.body.bytes).toHaveLength(0);
});

it('never unpacks a request: a bomb goes on as it came', async () => {
  const request = 'Content-Encoding: gzip\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n';
  await using origin = await Origin.start(echo());
  await using edge = await testEdge(origin, {}, { route: { filters: [FILTER] } });
  const answer = await edge.send(`POST / HTTP/1.1\r\nHost: a.test\r\n${request}\r\nabc`);
  const seen = echoed(answer);
  expect(seen.headers).toContainEqual(['Content-Encoding', 'gzip']);
  expect(seen.body).toBe('abc');
});
