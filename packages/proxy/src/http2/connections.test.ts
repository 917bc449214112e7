import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import {
  eventually,
  frame,
  FRAME,
  hold,
  Origin,
  readHttp2Response,
  respond,
  uint32,
  upgradeEcho,
} from '@dproxy/testkit';
import { ApplicationPath, PluginLoader } from '../application/index.ts';
import { silentLog } from '@dproxy/core';
import { GET_FIELDS, startHttp2Edge } from '../fixtures/http2-edge.ts';

const HANDSHAKE = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', 'sec-websocket-version': '13' };

describe('a connection of HTTP/2 whose worker drains', () => {
  test('is told to go, and finishes what runs', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const first = readHttp2Response(client.open({ ':path': '/first' }));
    await eventually(() => held.waiting.length === 1);
    // Node's client ends its session by itself at a GOAWAY, when its streams have ended.
    const drained = edge.plane.drain(10_000);
    await eventually(() => client.goaways.length > 0);
    expect(client.goaways[0]).toEqual({ code: constants.NGHTTP2_NO_ERROR, lastStreamId: 1 });
    held.release(respond({ body: 'done' }));
    expect((await first).body.toString()).toBe('done');
    expect(await drained).toEqual({ finished: 1, cut: 0 });
  });

  test('does not serve what was on its way, says so, and ends in order', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin, { limits: { lingerMs: 200 } });
    using client = await edge.frames();
    await eventually(() => client.frames.length > 0);
    const drained = edge.plane.drain(10_000);
    await eventually(() => client.goaway === 0);
    await client.request(1, [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/'],
      [':authority', 'a.test'],
    ]);
    expect(await client.raw.ended).toBe('end');
    const said = client.frames.filter(({ type }) => type === FRAME.goaway);
    expect(said.map(({ payload }) => payload.readUInt32BE(0))).toEqual([0, 0]);
    expect(origin.requests).toHaveLength(0);
    expect((await drained).cut).toBe(0);
  });

  test('waits for a client that still reads its last answer', async () => {
    const body = 'x'.repeat(500_000);
    let answers = 0;
    await using origin = await Origin.start(respond({ body }));
    await using edge = await startHttp2Edge(origin, {
      limits: { lingerMs: 20 },
      settings: { accessLog: true },
      plane: { onAccessLog: () => answers++ },
    });
    using client = await edge.frames();
    const window = uint32(0x7fff_0000);
    const settings = frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), window]));
    await client.write(settings, frame(FRAME.windowUpdate, 0, 0, window));
    client.raw.socket.pause();
    await client.request(1, GET_FIELDS);
    // All of the answer is with the kernel: for the proxy the stream has ended.
    await eventually(() => answers === 1);
    using idle = await edge.connect();
    await idle.write('GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n');
    await idle.readResponse();
    const drained = edge.plane.drain(20_000);
    // The idle connection has had its moment, and so has the other.
    await eventually(() => edge.plane.stats().connections <= 1);
    client.raw.socket.resume();
    // As a client does that has read: behind a closed socket it would draw a reset.
    await client.write(frame(FRAME.windowUpdate, 0, 0, uint32(1)));
    expect(await client.raw.ended).toBe('end');
    const sent = client.frames.filter(({ type }) => type === FRAME.data);
    expect(sent.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(body.length);
    client.raw.socket.end();
    expect((await drained).cut).toBe(0);
  });

  test('is cut at the deadline, and counted', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    client.open();
    await eventually(() => held.waiting.length === 1);
    expect(await edge.plane.drain(300)).toMatchObject({ cut: 1 });
    await client.closed();
  });
});

describe('a connection of HTTP/2', () => {
  test('is closed when it is idle for too long', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin, { limits: { keepAliveMs: 300 } });
    using client = await edge.http2();
    await client.request();
    await client.closed();
    expect(client.goaways).toContainEqual({ code: constants.NGHTTP2_NO_ERROR, lastStreamId: 1 });
  });

  test('is told to go after its last request', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin, { limits: { requestsPerConnection: 2 } });
    using client = await edge.http2();
    await client.request();
    expect(client.goaways).toHaveLength(0);
    await client.request();
    await eventually(() => client.goaways.length > 0);
  });
});

describe('deadlines of a stream', () => {
  test('a body that comes too slowly is 408, and its request ends at the backend', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin, { limits: { bodyGraceMs: 300, bodyMinRate: 1_000 } });
    using client = await edge.http2();
    const stream = client.open({ ':method': 'POST', 'content-length': 100 }, { endStream: false });
    stream.write('slow');
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 408 });
    await eventually(() => origin.openConnections === 0);
    stream.close();
  });

  test('a client that does not read is reset, and its request with it', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
      for (let sent = 0; sent < 100_000_000; sent += 100_000) await exchange.write(Buffer.alloc(100_000));
    });
    await using edge = await startHttp2Edge(origin, { limits: { writeStallMs: 500 } });
    using client = await edge.http2();
    const stream = client.open();
    stream.pause();
    await once(stream, 'response');
    await eventually(() => origin.openConnections === 0 && edge.plane.stats().errors['client-stalled'] === 1);
  });

  test('a reset that does not get out ends the connection', async () => {
    // In the middle of a write that nobody ends, node:http2 neither closes a stream nor hears that the client is gone.
    const stuck = (message: unknown): void => {
      const { stream } = message as { readonly stream: ServerHttp2Stream };
      stream.close = () => undefined;
    };
    subscribe('http2.server.stream.start', stuck);
    try {
      await using origin = await Origin.start(hold().behaviour);
      const limits = { bodyGraceMs: 300, bodyMinRate: 1_000, writeStallMs: 300 };
      await using edge = await startHttp2Edge(origin, { limits });
      using client = await edge.http2();
      // 408, and a reset for the body that does not end.
      client.open({ ':method': 'POST' }, { endStream: false }).write('some');
      await client.closed();
      await eventually(() => edge.plane.stats().connections === 0);
    } finally {
      unsubscribe('http2.server.stream.start', stuck);
    }
  });

  test('a client that reads nothing from its socket is not kept for ever', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
      for (let sent = 0; sent < 100_000_000; sent += 100_000) await exchange.write(Buffer.alloc(100_000));
    });
    const limits = { writeStallMs: 300, keepAliveMs: 300, lingerMs: 300 };
    await using edge = await startHttp2Edge(origin, { limits });
    using client = await edge.frames();
    // No window holds anything back: it is the kernel that takes no more.
    const window = frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(0x7f_ff_ff_ff)]));
    await client.write(window, frame(FRAME.windowUpdate, 0, 0, uint32(0x7f_ff_00_00)));
    await client.request(1, GET_FIELDS);
    await eventually(() => client.raw.unread.length > 100_000);
    client.raw.socket.pause();
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('a silent backend is 504', async () => {
    await using origin = await Origin.start(hold().behaviour);
    await using edge = await startHttp2Edge(origin, { limits: { upstreamResponseMs: 300 } });
    using client = await edge.http2();
    expect((await client.request()).status).toBe(504);
  });
});

describe('a WebSocket in a stream of HTTP/2', () => {
  test('reaches a backend of HTTP/1.1, bytes both ways, and ends with both ends', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    expect(client.session.remoteSettings.enableConnectProtocol).toBe(true);
    const stream = client.open(HANDSHAKE, { endStream: false });
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 200 });
    expect(headers).not.toHaveProperty('sec-websocket-accept');
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stream.write('hello');
    await eventually(() => text.includes('hello'));
    expect(edge.plane.stats().tunnels).toBe(1);
    // The tunnel lives in its stream alone.
    expect((await client.request()).status).toBeGreaterThan(0);
    stream.end();
    await eventually(() => edge.plane.stats().tunnels === 0);
  });

  test.each([
    ['says no', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 403],
    ['takes no notice of it', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 502],
    [
      'does not know the key',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
      502,
    ],
  ])('is no tunnel when the backend %s', async (_name, bytes, status) => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write(bytes);
    });
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const stream = client.open(HANDSHAKE, { endStream: false });
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': status });
    stream.close();
  });

  test('is no tunnel to a page, nor by another protocol', async () => {
    await using origin = await Origin.start();
    const action = { type: 'respond', status: 200, body: 'hi', headers: [] } as const;
    await using edge = await startHttp2Edge(origin, { route: { action } });
    using client = await edge.http2();
    for (const protocol of ['websocket', 'connect-udp']) {
      const stream = client.open({ ...HANDSHAKE, ':protocol': protocol }, { endStream: false });
      const [headers] = await once(stream, 'response');
      expect(headers).toMatchObject({ ':status': 501 });
      stream.close();
    }
  });

  test('resets its stream when the backend resets its connection', async () => {
    await using origin = await Origin.start(upgradeEcho());
    await using edge = await startHttp2Edge(origin);
    using client = await edge.http2();
    const stream = client.open(HANDSHAKE, { endStream: false });
    await once(stream, 'response');
    stream.resume();
    origin.connections[0]?.socket.resetAndDestroy();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe('a request of HTTP/2 through plugins', () => {
  test('is one of HTTP/1.1 for them, body and answer whole', async () => {
    const nothing = async (): Promise<void> => {};
    const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', nothing]]) });
    const plane = { applicationPath: new ApplicationPath({ loader, log: silentLog }) };
    await using origin = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      await exchange.respond({ body: `${exchange.target} ${body.text}` });
    });
    await using edge = await startHttp2Edge(origin, { plane, route: { plugins: ['nothing'] } });
    using client = await edge.http2();
    const response = await client.request({ ':method': 'POST', ':path': '/x' }, 'hello');
    expect(response.body.toString()).toBe('/x hello');
    expect(response.headers).not.toHaveProperty('connection');
  });
});
