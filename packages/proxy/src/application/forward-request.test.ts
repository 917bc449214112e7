import { METHODS } from 'node:http';
import { echo, eventually, hold, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { echoed, nothing, testEdge } from './fixtures/test-edge.ts';

describe('a request through plugins', () => {
  it.each(METHODS.filter((method) => !['CONNECT', 'TRACE', 'HEAD'].includes(method)))(
    'goes on as it came: %s with a body that no parser may touch',
    async (method) => {
      await using origin = await Origin.start(echo());
      await using edge = await testEdge(origin, { nothing });
      for (const type of ['application/json', 'text/plain', 'no type at all', '']) {
        const line = type === '' ? '' : `Content-Type: ${type}\r\n`;
        const seen = echoed(
          await edge.send(`${method} /a HTTP/1.1\r\nHost: a.test\r\n${line}Content-Length: 5\r\n\r\n{bad}`),
        );
        expect(seen).toMatchObject({ method, target: '/a', body: '{bad}', bodyFraming: 'length' });
        expect(seen.headers.find(([name]) => name === 'Content-Type')?.[1]).toBe(type === '' ? undefined : type);
      }
    },
  );

  it.each(['/a%2Fb', '/a/..bar', '/%2e%2e/x', '//x//y', '/100%', '/a"b', "/a;b='c'", '/?a=%&b', '*'])(
    'keeps the target %s byte for byte',
    async (target) => {
      await using origin = await Origin.start(echo());
      await using edge = await testEdge(origin, { nothing });
      const bytes = Buffer.from(target).toString('latin1');
      const seen = echoed(await edge.send(`OPTIONS ${bytes} HTTP/1.1\r\nHost: a.test\r\n\r\n`));
      expect(seen.target).toBe(bytes);
    },
  );

  it('keeps header lines as they are: case, order, repetitions and odd names', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    const lines = [
      'Host: a.test',
      'X-B: 1',
      'x-a: 2',
      'X-B: 3',
      'Cookie: a',
      'Cookie: b',
      '__proto__: x',
      'Via: 1.1 z',
    ];
    const seen = echoed(await edge.send(`GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\nKeep-Alive: 5\r\n\r\n`));
    expect(seen.headers.map(([name, value]) => `${name}: ${value}`)).toEqual([...lines, 'Connection: close']);
    expect(seen.bodyFraming).toBe('none');
  });

  it('streams a chunked body with its trailers, while it is still being written', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    const head = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
    await client.writePieces([head, '3\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n'], () =>
      eventually(() => origin.requests[0]?.bodyLength === 3),
    );
    expect(echoed(await client.readResponse())).toMatchObject({
      body: 'abcdef',
      bodyFraming: 'chunked',
      trailers: [['X-Sum', '1']],
    });
  });

  it('stops reading a body that the backend does not read', async () => {
    await using origin = await Origin.start({ onConnection: (socket) => socket.pause() });
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    await client.write('PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000000\r\n\r\n');
    const piece = Buffer.alloc(1_048_576);
    let written = 0;
    await eventually(() => {
      // A full buffer everywhere on the way is the only reason for `write` to say no and stay so.
      if (client.socket.writableNeedDrain) return true;
      client.socket.write(piece);
      written += piece.byteLength;
      return false;
    });
    expect(written).toBeLessThan(100 * piece.byteLength);
  });

  it('is taken back from the backend when the client goes away', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await testEdge(origin, { nothing });
    const client = await edge.open();
    await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await eventually(() => held.waiting.length === 1);
    client.close();
    await origin.connections[0]?.gone;
    expect(origin.requests).toHaveLength(1);
  });
});

describe('a connection', () => {
  it('that carries a second request gives one answer and the end', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    const request = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';
    await client.write(request + request.replace('GET /', 'GET /admin'));
    expect((await client.readResponse()).status).toBe(200);
    await client.ended;
    expect(client.unread.byteLength).toBe(0);
    expect(origin.requests).toHaveLength(1);
  });

  it('with a method that node:http does not know gets a 501 page', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('BREW / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect([response.status, origin.requests.length]).toEqual([501, 0]);
  });
});
