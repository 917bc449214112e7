import { describe, expect, test } from 'vitest';
import { eventually, Origin, respondChunked } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

describe('keep-alive and pipelining', () => {
  test('several requests use one connection on both sides', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    for (let count = 0; count < 3; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toBe('origin');
    }
    expect(origin.connections).toHaveLength(1);
    expect(edge.plane.stats().requests).toBe(3);
  });

  test('pipelined requests are answered in order, one at a time', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.target }));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write([1, 2, 3, 4].map((number) => getRequest('a.test', `/${number}`)).join(''));
    for (const number of [1, 2, 3, 4]) expect((await client.readResponse()).body.text).toBe(`/${number}`);
    expect(origin.connections).toHaveLength(1);
  });

  test('a head that arrives byte by byte is one request', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    for (const byte of getRequest()) await client.write(byte);
    expect((await client.readResponse()).status).toBe(200);
  });

  test('an HTTP/1.0 client gets a body that ends by closing', async () => {
    await using origin = await Origin.start((exchange) => respondChunked(['one', 'two'])(exchange));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n');
    const text = (await client.readToEnd()).toString();
    expect(text).toMatch(/onetwo$/);
    expect(text).not.toMatch(/transfer-encoding/i);
  });
});

describe('bodies', () => {
  test('bodies of both framings reach the backend and come back', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      await exchange.respond({ body: body.text });
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello');
    expect((await client.readResponse()).body.text).toBe('hello');
    await client.write(
      'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    );
    expect((await client.readResponse()).body.text).toBe('abcde');
    expect(origin.connections).toHaveLength(1);
  });

  test('the expectation is answered by the edge, and not forwarded', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.body();
      await exchange.respond({ body: exchange.head.raw });
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write('PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    expect((await client.readUntil('\r\n\r\n')).toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await client.write('hello');
    const response = await client.readResponse();
    expect(response.status).toBe(200);
    expect(response.body.text).not.toMatch(/expect/i);
  });

  test('an early answer is passed on and ends both connections', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ status: 413, body: 'no' }));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 500\r\n\r\nhello');
    const response = await client.readResponse();
    expect(response.status).toBe(413);
    expect(response.raw).toMatch(/connection: close/i);
    expect(await client.ended).toBe('end');
    await origin.connections[0]?.closed;
  });
});

describe('failures', () => {
  test('an unknown host is 404, a known one without a backend 503', async () => {
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: { port: 1, state: 'stopped' } }] });
    using client = await edge.connect();
    await client.write(getRequest('nobody.test'));
    expect((await client.readResponse()).status).toBe(404);
    await client.write(getRequest('a.test'));
    const response = await client.readResponse();
    expect(response.status).toBe(503);
    expect(response.raw).toMatch(/retry-after: /i);
  });

  test('a refused connection is retried on another backend', async () => {
    await using origin = await Origin.start();
    await using gone = await Origin.start();
    const { port } = gone;
    await gone.close();
    await using edge = await startEdge({ routes: { 'a.test': [{ port }, origin] } });
    using client = await edge.connect();
    for (let count = 0; count < 4; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).status).toBe(200);
    }
  });

  test('a backend that ends a new connection without a byte has its GET asked of another one, its POST of nobody', async () => {
    await using silent = await Origin.start((exchange) => void exchange.connection.socket.destroy());
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': [silent, origin] } });
    using client = await edge.connect();
    for (let count = 0; count < 4; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).status).toBe(200);
    }
    expect(silent.requests.length).toBeGreaterThan(0);
    const asked = silent.requests.length + origin.requests.length;
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) {
      using sender = await edge.connect();
      await sender.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n');
      statuses.push((await sender.readResponse()).status);
    }
    expect(statuses.filter((status) => status === 502).length).toBeGreaterThan(0);
    expect(silent.requests.length + origin.requests.length).toBe(asked + 4);
  });

  test('a lone backend that ends a new connection without a byte is not asked twice', async () => {
    await using silent = await Origin.start((exchange) => void exchange.connection.socket.destroy());
    await using edge = await startEdge({ routes: { 'a.test': silent } });
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(502);
    expect(silent.requests).toHaveLength(1);
  });

  test('a backend that breaks off its answer cuts the client', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      exchange.connection.socket.destroy();
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    await client.ended;
    expect(edge.plane.stats().errors['upstream-aborted']).toBe(1);
  });

  test('a client that goes away takes its request with it', async () => {
    await using origin = await Origin.start(() => new Promise(() => undefined));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    await eventually(() => origin.requests.length === 1);
    client.reset();
    await origin.connections[0]?.gone;
    expect(edge.plane.stats().errors['client-gone']).toBe(1);
  });
});
