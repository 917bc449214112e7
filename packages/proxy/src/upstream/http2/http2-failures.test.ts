import { once } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type BackendSpec, eventually, freePort, Origin, type RawResponse } from '@dproxy/testkit';
import { getRequest, startEdge } from '../../fixtures/edge.ts';
import { Http2Origin, respond } from './fixtures/http2-origin.ts';

type Edge = Awaited<ReturnType<typeof startEdge>>;

const POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx';

function h2c(port: number, id: string): BackendSpec {
  return { port, id, protocol: 'h2c' };
}

async function ask(edge: Edge, request = getRequest()): Promise<RawResponse> {
  using client = await edge.connect();
  await client.write(request);
  return await client.readResponse();
}

/** Answers the first request with GOAWAY, last stream 0 (RFC 9113 section 6.8). */
function goawayAtOnce(socket: Socket): void {
  socket.write(Buffer.from('000000040000000000', 'hex'));
  let received = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    // Behind the preface: frames of which one is HEADERS, type 1.
    for (let at = 24; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
      if (received[at + 3] === 1) socket.end(Buffer.from('0000080700000000000000000000000000', 'hex'));
    }
  });
}

describe('a backend of HTTP/2 that', () => {
  test('refuses a stream has not looked at it: another one is asked, whatever the method', async () => {
    await using refusing = await Http2Origin.start((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    await using other = await Http2Origin.start();
    await using edge = await startEdge({
      routes: { 'a.test': [h2c(refusing.port, 'refusing'), h2c(other.port, 'other')] },
    });
    for (let count = 0; count < 4; count++) {
      expect((await ask(edge, 'POST / HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(200);
    }
    expect(refusing.requests.length).toBeGreaterThan(0);
    expect(other.requests).toHaveLength(4);
  });

  test('resets a stream by another code may have done something: the client is told, and no other one is asked', async () => {
    await using breaking = await Http2Origin.start((stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    await using edge = await startEdge({ routes: { 'a.test': h2c(breaking.port, 'breaking') } });
    expect((await ask(edge)).status).toBe(502);
    expect(breaking.requests).toHaveLength(1);
    breaking.behave((stream) => respond(stream, 'well'));
    expect((await ask(edge)).status).toBe(200);
    expect(breaking.sessions).toHaveLength(1);
  });

  test('says GOAWAY finishes what it has begun, and gets nothing more on that session', async () => {
    const held: ServerHttp2Stream[] = [];
    await using origin = await Http2Origin.start((stream) => void held.push(stream));
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    const first = ask(edge);
    await eventually(() => held.length === 1);
    origin.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR);
    const second = ask(edge);
    await eventually(() => held.length === 2);
    expect(origin.sessions).toHaveLength(2);
    for (const stream of held) respond(stream, 'late');
    expect([(await first).body.text, (await second).body.text]).toEqual(['late', 'late']);
    await eventually(() => origin.openSessions === 1);
  });

  test('says GOAWAY below a stream has not looked at it: another one is asked', async () => {
    await using leaving = await Origin.start({ onConnection: goawayAtOnce });
    await using other = await Http2Origin.start();
    await using edge = await startEdge({
      routes: { 'a.test': [h2c(leaving.port, 'leaving'), h2c(other.port, 'other')] },
    });
    for (let count = 0; count < 3; count++) {
      expect((await ask(edge, 'POST / HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(200);
    }
    expect(leaving.connections.length).toBeGreaterThan(0);
  });

  test('breaks off without a byte is not asked again by a request with a body; one without goes elsewhere', async () => {
    await using breaking = await Http2Origin.start((stream) => stream.session?.socket.destroy());
    await using other = await Http2Origin.start();
    await using edge = await startEdge({
      routes: { 'a.test': [h2c(breaking.port, 'breaking'), h2c(other.port, 'other')] },
    });
    expect((await ask(edge)).status).toBe(200);
    await ask(edge);
    expect((await ask(edge, POST)).status).toBe(502);
    expect(breaking.requests.map((headers) => headers[':method'])).toEqual(['GET', 'POST']);
  });

  test('breaks off in the middle of an answer does not look whole to the client', async () => {
    await using origin = await Http2Origin.start((stream, headers) => {
      // Without trailers to wait for, node:http2 ends the stream in order before it resets it.
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.write('beginning', () => {
        if (headers[':path'] === '/cut') origin.cut();
        else stream.close(Number(headers[':path']?.slice(1)));
      });
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    for (const path of ['/cut', `/${constants.NGHTTP2_CANCEL}`, `/${constants.NGHTTP2_INTERNAL_ERROR}`]) {
      using client = await edge.connect();
      await client.write(getRequest('a.test', path));
      await expect(client.readResponse(), path).rejects.toThrow();
    }
  });

  test.each(['/1234', '/123456'])('says five bytes and sends %s does not look whole to the client', async (path) => {
    await using origin = await Http2Origin.start((stream, headers) => {
      stream.respond({ ':status': 200, 'content-length': '5' });
      stream.end(headers[':path']?.slice(1));
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    using client = await edge.connect();
    await client.write(getRequest('a.test', path));
    await client.ended;
    const answer = (await client.readToEnd()).toString();
    expect(answer.startsWith('HTTP/1.1 502') || !/\r\n\r\n.{5}/s.test(answer), answer).toBe(true);
  });

  test('is silent is cancelled, and the client is told', async () => {
    await using origin = await Http2Origin.start(() => undefined);
    await using edge = await startEdge({
      routes: { 'a.test': h2c(origin.port, 'origin') },
      limits: { upstreamResponseMs: 50 },
    });
    expect((await ask(edge)).status).toBe(504);
    await eventually(() => origin.streams[0]?.rstCode === constants.NGHTTP2_CANCEL);
  });

  test('is still at work when its client leaves is told so', async () => {
    await using origin = await Http2Origin.start(() => undefined);
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    using client = await edge.connect();
    await client.write(getRequest());
    await eventually(() => origin.streams.length === 1);
    client.reset();
    await eventually(() => origin.streams[0]?.rstCode === constants.NGHTTP2_CANCEL);
    expect(origin.openSessions).toBe(1);
  });

  test('takes few streams at a time gets another session when it is full', async () => {
    const held: ServerHttp2Stream[] = [];
    await using origin = await Http2Origin.start({
      settings: { maxConcurrentStreams: 2 },
      behaviour: (stream) => void held.push(stream),
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    const answers = Array.from({ length: 5 }, () => ask(edge));
    await eventually(() => held.length === 5);
    expect(origin.sessions).toHaveLength(3);
    for (const stream of held) respond(stream, 'ok');
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  test('takes none at all is given up in time', async () => {
    await using origin = await Http2Origin.start({ settings: { maxConcurrentStreams: 0 } });
    await using edge = await startEdge({
      routes: { 'a.test': h2c(origin.port, 'origin') },
      limits: { upstreamConnectMs: 100 },
    });
    expect((await ask(edge)).status).toBe(504);
    expect(origin.requests).toEqual([]);
  });

  test('leaves while requests wait for room on it is asked no more, and they go elsewhere, whatever the method', async () => {
    await using full = await Http2Origin.start({ settings: { maxConcurrentStreams: 0 } });
    await using other = await Http2Origin.start();
    const limits = { upstreamConnectMs: 60_000, upstreamElsewhereMs: 60_000 };
    const routes = (state: 'ready' | 'draining') => ({
      'a.test': [{ ...h2c(full.port, 'full'), state }, h2c(other.port, 'other')],
    });
    await using edge = await startEdge({ routes: routes('ready'), limits });
    const asked = [ask(edge, POST), ask(edge, POST)];
    // As many as there may be: nobody is on the way who may have room.
    await eventually(() => full.sessions.length === 32 && other.requests.length === 1);
    await edge.apply({ routes: routes('draining'), limits, version: 2 });
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
    expect(full.sessions).toHaveLength(32);
  });

  test('speaks HTTP/1.1, or nothing, is not reached, and nothing was sent', async () => {
    await using http1 = await Origin.start();
    await using silent = await Origin.start({ onConnection: (socket) => void socket.resume() });
    await using other = await Http2Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': h2c(http1.port, 'http1') } });
    expect((await ask(edge)).status).toBe(502);
    const routes = {
      'a.test': [h2c(silent.port, 'silent'), h2c(other.port, 'other')],
      'other.test': h2c(other.port, 'other'),
    };
    await edge.apply({ routes, version: 2 });
    // With a session that is there already, only the silent one is short of time.
    expect((await ask(edge, getRequest('other.test'))).status).toBe(200);
    const limits = { upstreamConnectMs: 200 };
    await edge.apply({ routes, limits, version: 3 });
    expect([(await ask(edge, POST)).status, (await ask(edge, POST)).status]).toEqual([200, 200]);
    expect(other.sessions).toHaveLength(1);
    await edge.apply({ routes: { 'a.test': h2c(silent.port, 'silent') }, limits, version: 4 });
    expect((await ask(edge)).status).toBe(504);
  });

  test('has gone between two requests is found at its new place', async () => {
    // Nobody else may take it while the origin is away.
    const port = await freePort();
    await using origin = await Http2Origin.start({ port });
    await using edge = await startEdge({ routes: { 'a.test': h2c(port, 'origin') } });
    expect((await ask(edge)).status).toBe(200);
    await origin.close();
    expect((await ask(edge)).status).toBe(502);
    await using again = await Http2Origin.start({ port });
    expect((await ask(edge, POST)).status).toBe(200);
    expect(again.requests).toHaveLength(1);
  });

  test('leaves the table finishes what it has begun, and loses its session', async () => {
    const held: ServerHttp2Stream[] = [];
    await using origin = await Http2Origin.start((stream) => void held.push(stream));
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    const answer = ask(edge);
    await eventually(() => held.length === 1);
    await edge.apply({ version: 2 });
    expect(origin.openSessions).toBe(1);
    for (const stream of held) respond(stream, 'last');
    expect((await answer).body.text).toBe('last');
    await eventually(() => origin.openSessions === 0);
  });

  test('pushes, or answers with what HTTP/1.1 cannot say, does not reach the client with it', async () => {
    await using origin = await Http2Origin.start((stream) => {
      stream.respond({ ':status': 200, 'x-debug-backend': 'spoofed', server: 'origin' });
      stream.end('ok');
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    const response = await ask(edge);
    expect([response.header('x-debug-backend'), response.header('server')]).toEqual([undefined, 'origin']);
  });

  test('asks for more than its window waits for the client to read', async () => {
    const body = Buffer.alloc(8_000_000, 'x');
    let written = 0;
    await using origin = await Http2Origin.start((stream) => {
      stream.respond({ ':status': 200 });
      for (let at = 0; at < body.length; at += 100_000) {
        stream.write(body.subarray(at, at + 100_000), () => (written += 100_000));
      }
      stream.end();
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin.port, 'origin') } });
    using client = await edge.connect();
    client.socket.pause();
    await client.write(getRequest());
    await once(client.socket, 'readable').catch(() => undefined);
    await eventually(() => written > 0);
    const before = written;
    expect(before).toBeLessThan(body.length);
    client.socket.resume();
    const response = await client.readResponse({ keepBytes: 0 });
    expect([response.status, response.body.length]).toEqual([200, body.length]);
  });
});
