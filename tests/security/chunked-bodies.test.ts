import { ERRORS } from '@dproxy/core';
import { echo, type Echo, eventually, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { CHUNK_CORPUS } from '../../packages/proxy/src/http1/corpus/chunk-corpus.ts';
import { PATHS, seenBy, SMUGGLED, startEdge, targetsOf } from './edge.ts';

const POST = 'POST /chunks HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n';
const LAST = '0\r\n\r\n';

const MORE_HOSTILE = [
  ['a size of 2^32 + 5', `100000005\r\nhello\r\n${LAST}`],
  ['a size of 2^64 + 5', `10000000000000005\r\nhello\r\n${LAST}`],
  ['a size with a no-break space', `5\xa0\r\nhello\r\n${LAST}`],
  ['a size with a NUL behind it', `5\x00\r\nhello\r\n${LAST}`],
  ['full-width digits', `\xef\xbc\x95\r\nhello\r\n${LAST}`],
  ['an extension with CR only, and a request behind it (TERM.EXT)', `5;a\rXhello\r\n${LAST}`],
  ['an extension with LF only (EXT.TERM)', `5;\nhello\r\n${LAST}`],
  ['data that ends in two bytes which are not CRLF', `5\r\nhelloXX${LAST}`],
  ['data that ends in LF LF', `5\r\nhello\n\n${LAST}`],
  ['a last chunk of -0', '5\r\nhello\r\n-0\r\n\r\n'],
  ['a last chunk with a bare CR', '5\r\nhello\r\n0\r\r\n'],
  ['one megabyte of extension', `5;${'a'.repeat(1_000_000)}\r\nhello\r\n${LAST}`],
  ['extensions in a thousand chunks', `${`1;${'a'.repeat(200)}\r\nx\r\n`.repeat(1_000)}${LAST}`],
  ['a trailer without a name', `5\r\nhello\r\n0\r\n: x\r\n\r\n`],
  ['a trailer with a bare CR', `5\r\nhello\r\n0\r\nX: y\rZ: w\r\n\r\n`],
  ['a megabyte of trailers', `5\r\nhello\r\n0\r\n${'X: y\r\n'.repeat(170_000)}\r\n`],
] as const;

const HOSTILE = [
  ...CHUNK_CORPUS.flatMap(({ source, name, text, expected }) =>
    typeof expected === 'string' && expected !== 'incomplete' ? [[`${source}: ${name}`, text] as const] : [],
  ),
  ...MORE_HOSTILE,
];
const GOOD = CHUNK_CORPUS.flatMap(({ source, name, text, expected }) =>
  typeof expected === 'string' ? [] : [[`${source}: ${name}`, text, expected.body] as const],
);

describe.each(PATHS)('rows 4-7 on the %s path: chunks', (path) => {
  it.each(HOSTILE)('that break a rule never become a request: %s', async (_name, text) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    void client.write(`${POST}${text}${SMUGGLED}`);
    const response = await client.readResponse();
    expect([response.status, response.header('connection')]).toEqual([ERRORS['chunk-malformed'].status, 'close']);
    await client.ended;
    await eventually(() => origin.openConnections === 0);
    expect(origin.requests.filter(({ isRead }) => isRead)).toEqual([]);
    expect(seenBy(origin)).not.toContain('muggled');
  });

  it.each(GOOD)('that are unusual reach the backend in one reading: %s', async (_name, text, body) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`${POST}${text}GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
    expect([seen.body, seen.bodyFraming, seen.trailers]).toEqual([body, 'chunked', []]);
    expect((await client.readResponse()).status).toBe(200);
    expect(targetsOf(origin)).toEqual(['/chunks', '/next']);
    // Extensions, leading zeros and trailers were the client's; none of them goes on.
    expect(seenBy(origin)).not.toMatch(/\r\n[0-9a-f]+;|\r\n0[0-9a-f]{1,7}\r\n|authorization/i);
  });

  it.each([
    ['Authorization: x', 'X-Forwarded-For: 6.6.6.6', 'Content-Length: 71', 'Transfer-Encoding: gzip', 'Host: b'],
    ['__proto__: x', 'constructor: y', 'Set-Cookie: a', 'X-Real-IP: 6.6.6.6', 'X-Debug: 1'],
  ])('with trailers: none of them is given to the backend (%s)', async (...trailers) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    const announced = POST.replace('\r\n\r\n', '\r\nTrailer: Authorization\r\nTE: trailers\r\n\r\n');
    await client.write(`${announced}5\r\nhello\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`);
    const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
    expect([seen.body, seen.trailers]).toEqual(['hello', []]);
    for (const trailer of trailers) expect(seenBy(origin)).not.toContain(trailer);
  });
});
