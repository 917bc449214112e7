import { eventually, FLAG, frame, FRAME, headerBlock, Origin } from '@dproxy/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GET_FIELDS, startHttp2Edge } from '../../packages/proxy/src/fixtures/http2-edge.ts';
import { seenBy } from './edge.ts';

type Field = readonly [string, string];

/** What is sent instead of a good request. */
function without(...names: readonly string[]): Field[] {
  return GET_FIELDS.filter(([name]) => !names.includes(name));
}

function replaced(name: string, value: string): Field[] {
  return GET_FIELDS.map((field) => (field[0] === name ? [name, value] : field));
}

function added(...fields: readonly Field[]): Field[] {
  return [...GET_FIELDS, ...fields];
}

const PSEUDO: readonly [string, Field[]][] = [
  ['no :method', without(':method')],
  ['no :scheme', without(':scheme')],
  ['no :path', without(':path')],
  ['no name of a host', without(':authority')],
  ['an empty :path', replaced(':path', '')],
  ['two :path', added([':path', '/smuggled'])],
  ['two :method', added([':method', 'POST'])],
  ['two :authority', added([':authority', 'a.test'])],
  ['an unknown pseudo-header', added([':smuggled', '1'])],
  ['one of a response', added([':status', '200'])],
  ['a pseudo-header behind a field', [...without(':path'), ['x-a', '1'], [':path', '/smuggled']]],
  ['a blank in :path', replaced(':path', '/ HTTP/1.1')],
  ['a line end in :path', replaced(':path', '/ HTTP/1.1\r\nHost: a.test\r\n\r\nGET /smuggled')],
  ['a NUL in :path', replaced(':path', '/\0smuggled')],
  ['a fragment', replaced(':path', '/#smuggled')],
  ['a path without a slash', replaced(':path', 'smuggled')],
  ['absolute form in :path', replaced(':path', 'http://b.test/smuggled')],
  ['* for a GET', replaced(':path', '*')],
  ['a blank in :method', replaced(':method', 'GET /smuggled HTTP/1.1\r\nX:')],
  ['a method in small letters', replaced(':method', 'get')],
  ['a strange :scheme', replaced(':scheme', 'https://a.test/smuggled?')],
  ['a file :scheme', replaced(':scheme', 'file')],
  ['userinfo in :authority', replaced(':authority', 'b.test@a.test')],
  ['a line end in :authority', replaced(':authority', 'a.test\r\nX-Smuggled: 1')],
  ['a path in :authority', replaced(':authority', 'a.test/smuggled')],
  ['another Host (row 18)', added(['host', 'b.test'])],
  ['two Host', added(['host', 'a.test'], ['host', 'a.test'])],
  [
    'CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'a.test:80'],
    ],
  ],
  ['TRACE', replaced(':method', 'TRACE')],
  ['a :protocol without CONNECT', added([':protocol', 'websocket'])],
];

const FIELDS: readonly [string, Field[]][] = [
  ['Connection', added(['connection', 'x-a'])],
  ['Keep-Alive', added(['keep-alive', 'timeout=5'])],
  ['Proxy-Connection', added(['proxy-connection', 'close'])],
  ['Upgrade', added(['upgrade', 'h2c'])],
  ['Transfer-Encoding (row 16)', added(['transfer-encoding', 'chunked'])],
  ['TE that is not trailers', added(['te', 'gzip'])],
  ['a name in capitals', added(['X-Smuggled', '1'])],
  ['a lookalike', added(['x_forwarded_for', '6.6.6.6'])],
  ['two lengths', added(['content-length', '0'], ['content-length', '0'])],
  ['a signed length', added(['content-length', '+0'])],
  ['a length without a body', added(['content-length', '5'])],
  ['101 lines', added(...Array.from({ length: 101 }, (_, index): Field => [`x-${index}`, '1']))],
  ['a head of 33 KiB', added(['x-a', 'a'.repeat(33_000)])],
  ['a target of 17 KiB', replaced(':path', `/${'a'.repeat(17_000)}`)],
];

/** What nghttp2 leaves out without a word; the rest of the request is served. */
const TAKEN_OUT: readonly [string, Field[]][] = [
  ['a blank in a name', added(['x smuggled', '1'])],
  ['a colon in a name', added(['x-a: 1\r\nx-smuggled', '1'])],
  ['an empty name', added(['', 'smuggled'])],
  ['a CR in a value', added(['x-a', '1\rx-smuggled: 1'])],
  ['a LF in a value', added(['x-a', '1\nx-smuggled: 1'])],
  ['a NUL in a value', added(['x-a', '1\0smuggled'])],
];

describe('a head of HTTP/2 that no backend of HTTP/1.1 may see', () => {
  let origin: Origin;
  let edge: Awaited<ReturnType<typeof startHttp2Edge>>;
  beforeAll(async () => {
    origin = await Origin.start();
    edge = await startHttp2Edge(origin);
  });
  afterAll(async () => {
    await edge[Symbol.asyncDispose]();
    await origin.close();
  });

  it.each([...PSEUDO, ...FIELDS])('%s is refused', async (_name, fields) => {
    using client = await edge.frames();
    const before = origin.requests.length;
    await client.request(1, fields);
    // An answer, a reset, or the end: whatever it is, it has been judged by then.
    await eventually(() => client.raw.isEnded || client.frames.some(({ streamId }) => streamId === 1));
    expect(origin.requests.slice(before)).toEqual([]);
    expect(seenBy(origin)).not.toMatch(/smuggled/i);
  });

  it.each(TAKEN_OUT)('%s is taken out', async (_name, fields) => {
    using client = await edge.frames();
    const before = origin.requests.length;
    await client.request(1, fields);
    await eventually(() => client.frames.some(({ streamId }) => streamId === 1));
    expect(origin.requests).toHaveLength(before + 1);
    expect(seenBy(origin)).not.toMatch(/smuggled|x-a/i);
  });

  it('is answered with 400 where it can be, and the connection goes on', async () => {
    using client = await edge.http2();
    expect((await client.request({ host: 'b.test' })).status).toBe(400);
    expect((await client.request({ ':path': '/a#b' })).status).toBe(400);
    expect((await client.request({ ':path': `/${'a'.repeat(17_000)}` })).status).toBe(414);
    expect((await client.request({ 'x-a': 'a'.repeat(33_000) })).status).toBe(431);
    expect((await client.request()).status).toBe(200);
  });

  it('is refused when DATA does not keep its Content-Length', async () => {
    const before = origin.requests.length;
    for (const [length, data] of [
      ['3', 'smuggled'],
      ['30', 'short'],
    ] as const) {
      using client = await edge.frames();
      const fields: Field[] = [...replaced(':method', 'POST'), ['content-length', length]];
      await client.write(
        frame(FRAME.headers, FLAG.endHeaders, 1, headerBlock(fields)),
        frame(FRAME.data, FLAG.endStream, 1, Buffer.from(data)),
      );
      await eventually(() => client.resetOf(1) !== undefined || client.raw.isEnded);
    }
    await eventually(() => origin.openConnections === 0);
    expect(seenBy(origin)).not.toMatch(/smuggled/);
    expect(origin.requests.length - before).toBeLessThanOrEqual(2);
  });
});
