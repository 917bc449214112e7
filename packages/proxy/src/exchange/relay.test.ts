import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventStream, eventually, MemoryGrowth, Origin } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const LARGE = 96 * 1024 * 1024;

describe('large bodies', () => {
  test('a response of 96 MiB passes at constant memory', async () => {
    const piece = Buffer.alloc(256 * 1024, 'r');
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n`);
      for (let sent = 0; sent < LARGE; sent += piece.length) await exchange.write(piece);
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    const socket = connect({ port: edge.port(), host: '127.0.0.1' });
    let received = 0;
    const memory = new MemoryGrowth();
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      memory.passed(chunk.length);
      if (received >= LARGE) socket.end();
    });
    socket.write(getRequest());
    await once(socket, 'close');
    expect(received).toBeGreaterThanOrEqual(LARGE);
    expect(memory.peak()).toBeLessThan(LARGE);
  });

  test.each(['length', 'chunked'])('a request of 96 MiB passes, framed by %s', async (framing) => {
    await using origin = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      await exchange.respond({ body: String(body.length) });
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    const piece = Buffer.alloc(1024 * 1024, 'q');
    const isChunked = framing === 'chunked';
    const line = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${LARGE}`;
    await client.write(`POST / HTTP/1.1\r\nHost: a.test\r\n${line}\r\n\r\n`);
    for (let sent = 0; sent < LARGE; sent += piece.length) {
      if (isChunked) await client.write(`${piece.length.toString(16)};ext=1\r\n`);
      await client.write(piece);
      if (isChunked) await client.write('\r\n');
    }
    if (isChunked) await client.write('0\r\n\r\n');
    expect((await client.readResponse()).body.text).toBe(String(LARGE));
  });
});

describe('responses as they come', () => {
  test('events are passed on one by one', async () => {
    const events = eventStream();
    await using origin = await Origin.start(events.behaviour);
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readHead()).status).toBe(200);
    for (const text of ['one', 'two']) {
      await events.send(text);
      await client.readUntil(text);
    }
    // The first event that finds nobody is answered with a reset, the next one meets it.
    client.close();
    await eventually(async () => {
      await events.send('is anybody there?');
      return origin.openConnections === 0;
    });
  });

  test('early hints pass, and a flood of interim answers does not', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
      await exchange.write(hint.repeat(exchange.target === '/flood' ? 20 : 2));
      await exchange.respond({ body: 'final' });
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    const response = await client.readResponse();
    expect(response.interim).toHaveLength(2);
    expect(response.body.text).toBe('final');
    await client.write(getRequest('a.test', '/flood'));
    expect((await client.readResponse()).status).toBe(502);
  });

  test('a head that comes byte by byte is one head', async () => {
    await using origin = await Origin.start(async (exchange) => {
      for (const byte of 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        await exchange.write(byte);
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    for (let count = 0; count < 2; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toBe('ok');
    }
    expect(origin.connections).toHaveLength(1);
  });

  test('a body that ends by closing becomes chunked, and one that is broken off does not end', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      if (exchange.target === '/reset') exchange.reset();
      else exchange.end();
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    const response = await client.readResponse();
    expect(response.raw).toMatch(/transfer-encoding: chunked/i);
    expect(response.body.text).toBe('until the end');
    await client.write(getRequest('a.test', '/reset'));
    expect((await client.readToEnd()).toString()).not.toMatch(/0\r\n\r\n$/);
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', 200],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n', 304],
  ])('%s answered by %j has no body', async (method, answer, status) => {
    await using origin = await Origin.start(async (exchange) => void (await exchange.write(answer)));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    for (let count = 0; count < 2; count++) {
      await client.write(getRequest().replace('GET', method));
      expect((await client.readResponse({ method })).status).toBe(status);
    }
    expect(origin.connections).toHaveLength(1);
  });
});
