import {
  breakOff,
  echo,
  eventStream,
  eventually,
  hold,
  inTurn,
  Origin,
  respondBytes,
  respondChunked,
  respondEarly,
  upgradeEcho,
  webSocketEcho,
  type Echo,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { PATHS, startEdge } from './edge.ts';

const GET = 'GET / HTTP/1.1\r\nHost: @\r\n\r\n';
const OFFER = 'GET / HTTP/1.1\r\nHost: @\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n';

describe.each(PATHS)('the %s path', (path) => {
  it('keeps the connections on both sides for the next request', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    for (const request of [0, 1, 2]) {
      await client.write(GET.replace('@', edge.host));
      const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
      expect(seen).toMatchObject({ connection: 0, request });
    }
  });

  it('answers pipelined requests in order', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    const requests = ['/a', '/b', '/c'].map((target) => `GET ${target} HTTP/1.1\r\nHost: ${edge.host}\r\n\r\n`);
    await client.write(requests.join(''));
    const targets: string[] = [];
    for (const _ of requests) targets.push((JSON.parse((await client.readResponse()).body.text) as Echo).target);
    expect(targets).toEqual(['/a', '/b', '/c']);
  });

  it('sends a body on while it is still being written', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    const head = `POST / HTTP/1.1\r\nHost: ${edge.host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`;
    await client.writePieces([head, '3\r\ndef\r\n0\r\n\r\n'], () =>
      eventually(() => origin.requests[0]?.bodyLength === 3),
    );
    expect((JSON.parse((await client.readResponse()).body.text) as Echo).body).toBe('abcdef');
  });

  it('carries megabytes both ways unchanged', async () => {
    const bytes = Buffer.alloc(3_000_000);
    for (const index of bytes.keys()) bytes[index] = (index * 31) % 251;
    await using origin = await Origin.start(async (exchange) => {
      await exchange.body();
      await exchange.respond({ body: bytes });
    });
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    await client.write(`PUT / HTTP/1.1\r\nHost: ${edge.host}\r\nContent-Length: ${bytes.byteLength}\r\n\r\n`);
    await client.write(bytes);
    const response = await client.readResponse();
    const sent = await origin.requests[0]?.body();
    expect(response.body.length).toBe(bytes.byteLength);
    expect(response.body.sha256).toBe(sent?.sha256);
  });

  it('invites a body with 100 Continue, once, and the backend is not asked for it', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    await client.write(`POST / HTTP/1.1\r\nHost: ${edge.host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`);
    expect((await client.readHead()).status).toBe(100);
    await client.write('hi');
    const response = await client.readResponse();
    expect(response.interim).toEqual([]);
    const seen = JSON.parse(response.body.text) as Echo;
    expect(seen.body).toBe('hi');
    expect(seen.headers.map(([name]) => name.toLowerCase())).not.toContain('expect');
  });

  it('relays an answer that comes before the end of the request, and closes', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno'));
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    await client.write(`POST / HTTP/1.1\r\nHost: ${edge.host}\r\nContent-Length: 100000\r\n\r\nabc`);
    expect((await client.readResponse()).status).toBe(413);
    expect(await client.ended).toBe('end');
  });

  it('sends events as they come, and takes the request back when the client leaves', async () => {
    const events = eventStream();
    await using origin = await Origin.start(events.behaviour);
    await using edge = await startEdge({ path, to: origin });
    const client = await edge.connect();
    await client.write(GET.replace('@', edge.host));
    expect((await client.readHead()).status).toBe(200);
    await eventually(() => events.listeners.length === 1);
    for (const event of ['one', 'two']) {
      await events.send(event);
      await client.readUntil(`data: ${event}`);
    }
    client.reset();
    await eventually(() => origin.openConnections === 0);
  });

  it('takes a request back that its client gave up before the answer', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startEdge({ path, to: origin });
    const client = await edge.connect();
    await client.write(GET.replace('@', edge.host));
    await eventually(() => held.waiting.length === 1);
    client.reset();
    await eventually(() => origin.openConnections === 0);
    expect(origin.requests).toHaveLength(1);
  });

  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ])('does not make a whole answer of one that the backend broke off: %s', async (_what, bytes) => {
    await using origin = await Origin.start(respondBytes(bytes, { close: true }));
    await using edge = await startEdge({ path, to: origin });
    await expect(edge.send(GET)).rejects.toThrow(/closed in the middle/);
  });

  it('passes over a backend that refuses, also with a body', async () => {
    await using gone = await Origin.start();
    const { port } = gone;
    await gone.close();
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: [{ port }, origin] });
    for (const _ of [0, 1]) {
      const response = await edge.send('POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 2\r\n\r\nhi');
      expect((JSON.parse(response.body.text) as Echo).body).toBe('hi');
    }
  });

  it('repeats a GET on a kept connection that turns out to be closed, and never a POST', async () => {
    await using origin = await Origin.start(
      inTurn(echo(), breakOff('reset'), echo(), breakOff('reset'), respondChunked(['never'])),
    );
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    const send = async (request: string) => {
      await client.write(request.replace('@', edge.host));
      return (await client.readResponse()).status;
    };
    expect(await send(GET)).toBe(200);
    expect(await send(GET)).toBe(200);
    expect(await send('POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 1\r\n\r\na')).toBe(502);
    expect(origin.requests).toHaveLength(4);
  });

  it('gives up on a silent backend with a 504', async () => {
    await using origin = await Origin.start(hold().behaviour);
    const timeouts = { connectMs: 0, responseMs: 100, idleMs: 0 };
    await using edge = await startEdge({ path, to: origin, route: { timeouts } });
    expect((await edge.send(GET)).status).toBe(504);
    await eventually(() => origin.openConnections === 0);
  });

  it('gives up on a client whose body trickles with a 408', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: origin, limits: { bodyGraceMs: 100 } });
    expect((await edge.send('POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 9\r\n\r\na')).status).toBe(408);
    await eventually(() => origin.openConnections === 0);
  });

  it('has an offline page when there is no backend', async () => {
    await using edge = await startEdge({ path, to: [] });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: @\r\nAccept: application/json\r\n\r\n');
    expect([response.status, response.header('retry-after')]).toEqual([503, '5']);
    expect(JSON.parse(response.body.text)).toMatchObject({ status: 503 });
  });

  it('becomes a tunnel after the 101, with what came early on both sides', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat', greeting: 'hello' }));
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    await client.write(`${OFFER.replace('@', edge.host)}early`);
    expect((await client.readResponse()).status).toBe(101);
    expect((await client.readBytes(10)).toString()).toBe('helloearly');
    client.halfClose();
    expect(await client.ended).toBe('end');
  });

  it('stays HTTP when the backend does not switch', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, to: origin });
    using client = await edge.connect();
    await client.write(OFFER.replace('@', edge.host) + GET.replace('@', edge.host));
    expect((await client.readResponse()).status).toBe(200);
  });

  it('carries WebSocket messages', async () => {
    await using origin = await Origin.start(webSocketEcho());
    await using edge = await startEdge({ path, to: origin });
    using probe = await edge.connect();
    const port = 'remotePort' in probe.socket ? Number(probe.socket.remotePort) : 0;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host: edge.host } });
    const got: string[] = [];
    socket.on('message', (message: Buffer) => got.push(message.toString()));
    await new Promise((resolve) => socket.once('open', resolve));
    const sent = ['a', 'b'.repeat(70_000)];
    for (const message of sent) socket.send(message);
    await eventually(() => got.length === sent.length);
    expect(got).toEqual(sent);
    socket.close();
    await new Promise((resolve) => socket.once('close', resolve));
  });
});
