import {
  breakOff,
  eventStream,
  eventually,
  Origin,
  respond,
  respondBytes,
  respondChunked,
  respondEarly,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { nothing, testEdge } from './fixtures/test-edge.ts';

describe('a response through plugins', () => {
  it('keeps status, reason, repetitions and has no Date of its own', async () => {
    const bytes =
      'HTTP/1.1 799 Odd\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi';
    await using origin = await Origin.start(respondBytes(bytes));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(response.startLine).toBe('HTTP/1.1 799 Odd');
    expect(response.headers).toEqual([
      ['x-a', '1'],
      ['x-a', '2'],
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
      ['content-length', '2'],
      ['Connection', 'close'],
    ]);
    expect(response.body.text).toBe('hi');
  });

  it('relays 103 and trailers', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-B: c\r\n\r\n');
      await respondChunked(['a', 'b'], { trailers: 'X-Sum: 1\r\n' })(exchange);
    });
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(response.interim.map((head) => head.headers)).toEqual([
      [
        ['Link', '</a>'],
        ['X-B', 'c'],
      ],
    ]);
    expect(response.body).toMatchObject({ text: 'ab', trailers: [['X-Sum', '1']] });
  });

  it('arrives before the body, event by event', async () => {
    const events = eventStream();
    await using origin = await Origin.start(events.behaviour);
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect((await client.readHead()).status).toBe(200);
    await events.send('one');
    await client.readUntil('data: one');
    client.close();
    await eventually(() => origin.openConnections === 0);
  });

  it('arrives although the body of the request is not read', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nabc');
    expect(response.status).toBe(413);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('has no body after %s and %d, and keeps what is said of it', async (method, status) => {
    const length = status === 204 ? '' : 'Content-Length: 42\r\n';
    await using origin = await Origin.start(respondBytes(`HTTP/1.1 ${status} X\r\n${length}ETag: "a"\r\n\r\n`));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    expect(response.status).toBe(status);
    expect(response.header('content-length')).toBe(status === 204 ? undefined : '42');
    expect(response.header('etag')).toBe('"a"');
  });

  it('is a 503 only once: nothing is tried again behind the back of the policy', async () => {
    await using origin = await Origin.start(respond({ status: 503, headers: [['Retry-After', '0']] }));
    await using edge = await testEdge(origin, { nothing });
    expect((await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(503);
    expect(origin.requests).toHaveLength(1);
  });

  it('breaks off when the backend breaks off', async () => {
    await using origin = await Origin.start(
      respondBytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', { close: true }),
    );
    await using edge = await testEdge(origin, { nothing });
    await expect(edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')).rejects.toThrow();
  });

  it('is a page when there is none', async () => {
    await using origin = await Origin.start(breakOff('reset'));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\nAccept: application/json\r\n\r\n');
    expect(response.status).toBe(502);
    expect(JSON.parse(response.body.text)).toMatchObject({ status: 502, requestId: 'r-1' });
  });
});
