import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, expect, test } from 'vitest';
import {
  echo,
  type Echo,
  eventStream,
  eventually,
  FLAG,
  frame,
  FRAME,
  headerBlock,
  hold,
  Origin,
  respond,
  respondBytes,
  respondChunked,
} from '@dproxy/testkit';
import { GET_FIELDS, startHttp2Edge } from '../fixtures/http2-edge.ts';

function echoed(body: Buffer): Echo {
  return JSON.parse(body.toString('utf8')) as Echo;
}

describe('a request of HTTP/2', () => {
  test('goes to the backend as HTTP/1.1, with what is said of the client', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const response = await client.request({ ':path': '/a/b?c=%2F', 'x-one': 'ä', cookie: ['a=1', 'b=2'] });
    const seen = echoed(response.body);
    expect(response.status).toBe(200);
    expect(seen.startLine).toBe('GET /a/b?c=%2F HTTP/1.1');
    const headers = new Map(seen.headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(headers.get('host')).toBe('a.test');
    expect(headers.get('cookie')).toBe('a=1; b=2');
    expect(headers.get('x-forwarded-proto')).toBe('https');
    expect(headers.get('x-real-ip')).toBe('127.0.0.1');
    expect(seen.bodyFraming).toBe('none');
  });

  test.each([
    ['its length', { 'content-length': '5' }, 'length'],
    ['none', {}, 'chunked'],
  ])('has a body with %s', async (_name, headers, framing) => {
    await using origin = await Origin.start(echo());
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const response = await client.request({ ':method': 'POST', ...headers }, 'hello');
    expect(echoed(response.body)).toMatchObject({ method: 'POST', body: 'hello', bodyFraming: framing });
  });

  test('many at a time share few connections to the backend one after the other', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const paths = Array.from({ length: 200 }, (_, index) => `/${index}`);
    const responses = await Promise.all(paths.map((path) => client.request({ ':path': path })));
    expect(responses.map(({ body }) => echoed(body).target)).toEqual(paths);
    expect(origin.connections.length).toBeLessThanOrEqual(100);
  });

  test('whose body ends before it began is whole for the backend, and so is the next one on its connection', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    for (const streamId of [1, 3]) {
      await client.write(
        frame(FRAME.headers, FLAG.endHeaders, streamId, headerBlock(GET_FIELDS)),
        frame(FRAME.data, FLAG.endStream, streamId),
      );
      await eventually(() => client.frames.some((one) => one.streamId === streamId && one.type === FRAME.data));
    }
    expect(origin.connections).toHaveLength(1);
    const received = origin.connections[0]?.received.toString('latin1') ?? '';
    expect(received.match(/transfer-encoding: chunked\r\n\r\n0\r\n\r\n/gi)).toHaveLength(2);
  });

  test('of 20 MB and its answer pass whole', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      await exchange.respond({ body: 'r'.repeat(body.length) });
    });
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const response = await client.request({ ':method': 'POST' }, Buffer.alloc(20_000_000, 'q'));
    expect(response.body.equals(Buffer.alloc(20_000_000, 'r'))).toBe(true);
  });
});

describe('a response over HTTP/2', () => {
  test.each([
    [
      'chunked',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-A: 2\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      false,
    ],
    ['ended by closing', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello', true],
    ['of a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello', false],
  ])('that was %s has its fields and body, and no field of a connection', async (_name, bytes, close) => {
    await using origin = await Origin.start(respondBytes(bytes, { close }));
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const response = await client.request();
    expect(response.body.toString()).toBe('hello');
    expect(response.headers['x-a']).toBe('1, 2');
    expect(response.headers).not.toHaveProperty('transfer-encoding');
    expect(response.headers).not.toHaveProperty('connection');
    expect(response.headers).not.toHaveProperty('date');
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 200, '5'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204, undefined],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304, '5'],
  ])('to %s without a body is %s', async (method, bytes, status, length) => {
    await using origin = await Origin.start(respondBytes(bytes));
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const response = await client.request({ ':method': method });
    expect(response).toMatchObject({ status });
    expect(response.headers['content-length']).toBe(length);
    expect(response.body).toHaveLength(0);
  });

  test('of status 205 has no body, whatever the backend sends', async () => {
    await using origin = await Origin.start(
      respondBytes('HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello'),
    );
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    expect(await client.request()).toMatchObject({ status: 205, body: Buffer.alloc(0) });
    expect((await client.request()).headers).not.toHaveProperty('content-length');
  });

  test('comes with the interim ones before it', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.css>\r\n\r\n';
    await using origin = await Origin.start(respondBytes(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`));
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const { interim } = await client.request();
    expect(interim).toHaveLength(1);
    expect(interim[0]).toMatchObject({ ':status': 103, link: '</a.css>, </b.css>' });
  });

  test('comes piece by piece, as the backend sends it', async () => {
    const events = eventStream();
    await using origin = await Origin.start(events.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const stream = client.open();
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(stream, 'response');
    await events.send('one');
    await eventually(() => text.includes('one'));
    await events.send('two');
    await eventually(() => text.includes('two'));
  });

  test('of nobody is a page, and the connection goes on', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const page = await client.request({ ':path': '/x', accept: 'application/json', ':authority': 'nobody.test' });
    expect(page.status).toBe(404);
    expect(page.headers['content-type']).toMatch(/^application\/json/);
    expect((await client.request()).status).toBe(200);
  });

  test.each([
    ['of a length', 'Content-Length: 100\r\n\r\nhalf'],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['chunked and malformed', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'],
  ])('%s that the backend breaks off is reset, never ended', async (_name, rest) => {
    await using origin = await Origin.start(respondBytes(`HTTP/1.1 200 OK\r\n${rest}`, { close: true }));
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    await expect(client.request()).rejects.toMatchObject({ code: constants.NGHTTP2_INTERNAL_ERROR });
  });

  test('is waited for by the backend while the client does not read', async () => {
    let sent = 0;
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
      for (; sent < 100_000_000; sent += 100_000) await exchange.write(Buffer.alloc(100_000));
    });
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const stream = client.open();
    stream.pause();
    await once(stream, 'response');
    let before = -1;
    await eventually(() => before === (before = sent), { everyMs: 300, what: 'a backend that stands still' });
    expect(sent).toBeLessThan(20_000_000);
    stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => origin.openConnections === 0);
  });
});

describe('a stream that ends early', () => {
  test('takes its request at the backend with it', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const stream = client.open();
    await eventually(() => held.waiting.length === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => origin.openConnections === 0);
    origin.behave(respond({ body: 'next' }));
    expect((await client.request()).body.toString()).toBe('next');
  });

  test('does so when the whole connection goes', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    client.open();
    client.open();
    await eventually(() => held.waiting.length === 2);
    client.session.destroy();
    await eventually(() => origin.openConnections === 0);
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('because the backend answers before the end of the request gets that answer', async () => {
    await using origin = await Origin.start(respondBytes('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'));
    origin.behave(async (exchange) => {
      await exchange.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
    });
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const stream = client.open({ ':method': 'POST' }, { endStream: false });
    stream.write('some');
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 413 });
    stream.resume();
    await once(stream, 'close');
    expect((await client.request({ ':method': 'HEAD' })).status).toBe(413);
  });

  test('leaves nothing behind for the next one', async () => {
    await using origin = await Origin.start(respondChunked(['one', 'two']));
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    expect((await client.request()).body.toString()).toBe('onetwo');
  });
});
