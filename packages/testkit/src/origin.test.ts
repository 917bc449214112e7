import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { breakOff, echo, hold, respondChunked, respondEarly, upgradeEcho, type Echo } from './behaviours.ts';
import { eventually } from './eventually.ts';
import { Origin } from './origin.ts';
import { exchange, get, RawClient } from './raw-client.ts';
import { webSocketEcho } from './web-socket-echo.ts';

describe('Origin and RawClient', () => {
  it('says what it got, request by request, on pipelined and cut bytes', async () => {
    await using origin = await Origin.start(echo('a'));
    using client = await RawClient.connect(origin);
    const second = 'POST /b?c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: 1\r\n\r\n';
    await client.writePieces([`GET /a HTTP/1.1\r\nHost: x\r\n\r\n${second.slice(0, 9)}`, second.slice(9)], () =>
      eventually(() => origin.requests.length === 1),
    );
    const first: Echo = JSON.parse((await client.readResponse()).body.text) as Echo;
    expect(first).toMatchObject({ method: 'GET', target: '/a', origin: 'a', connection: 0, request: 0 });
    const next = JSON.parse((await client.readResponse()).body.text) as Echo;
    expect(next).toMatchObject({
      target: '/b?c',
      body: 'hi',
      bodyFraming: 'chunked',
      trailers: [['T', '1']],
      request: 1,
    });
    expect(origin.connections[0]?.received.toString()).toContain(second);
  });

  it('answers before the body, in chunks, or not at all', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'));
    const request = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n';
    expect((await exchange({ port: origin.port, request })).status).toBe(413);
    origin.behave(respondChunked(['a', 'bc'], { trailers: 'T: 1\r\n' }));
    expect((await get({ port: origin.port, name: 'x' })).body).toMatchObject({ text: 'abc', trailers: [['T', '1']] });
    origin.behave(breakOff('reset'));
    await expect(get({ port: origin.port, name: 'x' })).rejects.toThrow(/closed in the middle/);
  });

  it('holds a request until it is released, and sees that the client went away', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    const gone = await RawClient.connect(origin);
    await gone.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => held.waiting.length === 1);
    gone.reset();
    await origin.connections[0]?.closed;
    const answer = get({ port: origin.port, name: 'x' });
    await eventually(() => held.waiting.length === 2);
    held.release(echo());
    expect((await answer).status).toBe(200);
  });

  it('tunnels after a 101', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat', greeting: 'hello' }));
    using client = await RawClient.connect(origin);
    await client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nearly');
    expect((await client.readResponse()).status).toBe(101);
    expect((await client.readBytes(10)).toString()).toBe('helloearly');
    await client.write('more');
    expect((await client.readBytes(4)).toString()).toBe('more');
    client.halfClose();
    expect(await client.ended).toBe('end');
  });

  it('speaks WebSocket as clients expect it', async () => {
    await using origin = await Origin.start(webSocketEcho());
    const socket = new WebSocket(`ws://127.0.0.1:${origin.port}/`);
    const got: string[] = [];
    socket.on('message', (message: Buffer) => got.push(message.toString()));
    await new Promise((resolve) => socket.once('open', resolve));
    const long = 'x'.repeat(70_000);
    for (const message of ['a', 'b'.repeat(300), long]) socket.send(message);
    await eventually(() => got.length === 3);
    expect(got).toEqual(['a', 'b'.repeat(300), long]);
    socket.close();
    await new Promise((resolve) => socket.once('close', resolve));
  });
});
