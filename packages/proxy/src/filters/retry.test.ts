import type { RetryFilter } from '@dproxy/core';
import { type Behaviour, eventually, Origin, readHttp2Response, type RouteSpec } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { startHttp2Edge } from '../fixtures/http2-edge.ts';

const RETRY: RetryFilter = {
  type: 'retry',
  attempts: 3,
  initialMs: 0,
  statuses: [],
  nonIdempotent: false,
  maxBodyBytes: 1_024,
};

/** Answers with these statuses in turn, then 200; a 0 breaks the connection. The body says what came. */
function inTurn(statuses: readonly number[]): Behaviour {
  let turn = 0;
  return async (exchange) => {
    const body = await exchange.body();
    const status = statuses[turn++] ?? 200;
    if (status === 0) exchange.connection.socket.resetAndDestroy();
    else await exchange.respond({ status, body: body.text });
  };
}

async function serve(behaviour: Behaviour, retry: Partial<RetryFilter>, request: string | readonly string[]) {
  await using origin = await Origin.start(behaviour);
  const route: RouteSpec = { host: 'a.test', to: origin, filters: [{ ...RETRY, ...retry }] };
  await using edge = await startEdge({ routes: [route] });
  using client = await edge.connect();
  for (const part of [request].flat()) await client.write(part);
  const { status, body } = await client.readResponse();
  return { status, text: body.text, asked: origin.requests.length };
}

const post = (body: string, method = 'POST'): string =>
  `${method} / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('a retry', () => {
  it('asks again after an answer with such a status, as often as it may', async () => {
    const statuses = [[500, 599]] as const;
    expect(await serve(inTurn([503, 500]), { statuses }, getRequest())).toEqual({ status: 200, text: '', asked: 3 });
    expect(await serve(inTurn([503, 500, 502]), { statuses }, getRequest())).toMatchObject({ status: 502, asked: 3 });
    expect(await serve(inTurn([404]), { statuses }, getRequest())).toMatchObject({ status: 404, asked: 1 });
    const once = { statuses, attempts: 1 };
    expect(await serve(inTurn([503]), once, getRequest())).toMatchObject({ status: 503, asked: 1 });
  });

  it('asks again after a broken connection, also the same backend', async () => {
    expect(await serve(inTurn([0, 0]), {}, getRequest())).toMatchObject({ status: 200, asked: 3 });
    expect(await serve(inTurn([0, 0, 0]), {}, getRequest())).toMatchObject({ status: 502, asked: 3 });
  });

  it('never repeats a POST, unless that is allowed', async () => {
    const statuses = [[503, 503]] as const;
    expect(await serve(inTurn([503]), { statuses }, post('x'))).toMatchObject({ status: 503, asked: 1 });
    expect(await serve(inTurn([0]), {}, post('x'))).toMatchObject({ status: 502, asked: 1 });
    const allowed = { statuses, nonIdempotent: true };
    expect(await serve(inTurn([503, 0]), allowed, post('x'))).toEqual({ status: 200, text: 'x', asked: 3 });
  });

  it('sends a body again that was kept whole, of either framing', async () => {
    const statuses = [[503, 503]] as const;
    const body = 'y'.repeat(1_024);
    const whole = { status: 200, text: body, asked: 3 };
    expect(await serve(inTurn([503, 503]), { statuses }, post(body, 'PUT'))).toEqual(whole);
    const chunked = `PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const parts = [chunked, '5\r\nhello\r\n', '6\r\n world\r\n', '0\r\n\r\n'];
    expect(await serve(inTurn([503, 503]), { statuses }, parts)).toEqual({
      status: 200,
      text: 'hello world',
      asked: 3,
    });
    const empty = `PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(await serve(inTurn([503]), { statuses }, empty)).toEqual({ status: 200, text: '', asked: 2 });
  });

  it('does not repeat a body that is too long to be kept', async () => {
    const body = 'y'.repeat(1_025);
    const request = post(body, 'PUT');
    expect(await serve(inTurn([503]), { statuses: [[503, 503]] }, request)).toMatchObject({ status: 503, asked: 1 });
  });

  it('goes on with a body of which a part had come when the answer came', async () => {
    let turn = 0;
    const behaviour: Behaviour = async (exchange) => {
      turn += 1;
      if (turn === 1) {
        await exchange.bodyReaches(3);
        await exchange.respond({ status: 503 });
        return;
      }
      await exchange.respond({ body: (await exchange.body()).text });
    };
    await using origin = await Origin.start(behaviour);
    const filters = [{ ...RETRY, statuses: [[503, 503]] as const }];
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters }] });
    using client = await edge.connect();
    await client.write('PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc');
    await eventually(() => origin.requests.length === 2);
    await client.write('def');
    expect((await client.readResponse()).body.text).toBe('abcdef');
  });

  it.each([
    ['an end that comes during the pause', { 'content-type': 'text/plain' }],
    ['a length', { 'content-length': '5' }],
  ])('sends a body of HTTP/2 again, with %s', async (_, fields) => {
    let turn = 0;
    await using origin = await Origin.start(async (exchange) => {
      turn += 1;
      if (turn === 1) {
        await exchange.bodyReaches(5);
        await exchange.respond({ status: 503 });
        return;
      }
      await exchange.respond({ body: (await exchange.body()).text });
    });
    const filters = [{ ...RETRY, initialMs: 100, statuses: [[503, 503]] as const }];
    await using edge = await startHttp2Edge(origin, { route: { filters } });
    using client = await edge.http2();
    const stream = client.open({ ':method': 'PUT', ...fields }, { endStream: false });
    const response = readHttp2Response(stream);
    stream.write('hello');
    await eventually(() => origin.connections[0]?.isClosed === true);
    stream.end();
    expect((await response).body.toString()).toBe('hello');
    expect(origin.requests).toHaveLength(2);
  });

  it('asks another backend first', async () => {
    await using bad = await Origin.start(inTurn([503, 503, 503]));
    await using good = await Origin.start();
    const filters = [{ ...RETRY, attempts: 2, statuses: [[503, 503]] as const }];
    await using edge = await startEdge({ routes: [{ host: 'a.test', to: [bad, good], filters }] });
    using client = await edge.connect();
    for (let request = 0; request < 4; request++) {
      await client.write(getRequest());
      expect((await client.readResponse()).status).toBe(200);
    }
    expect([bad.requests.length, good.requests.length]).toEqual([2, 4]);
  });

  it('waits before it asks again, and forgets a client that goes away meanwhile', async () => {
    await using origin = await Origin.start(inTurn([503, 503]));
    const statuses = [[503, 503]] as const;
    const slow = { host: 'slow.test', to: origin, filters: [{ ...RETRY, initialMs: 50_000, statuses }] };
    const quick = { host: 'a.test', to: origin, filters: [{ ...RETRY, initialMs: 1, statuses }] };
    await using edge = await startEdge({ routes: [slow, quick] });
    using gone = await edge.connect();
    await gone.write(getRequest('slow.test'));
    await eventually(() => origin.requests.length === 1);
    gone.reset();
    await eventually(() => edge.plane.stats().errors['client-gone'] === 1);
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(200);
    expect(origin.requests).toHaveLength(3);
  });

  it('counts its tries together with those that are always made', async () => {
    const dead = await Origin.start();
    const { port } = dead;
    await dead.close();
    await using edge = await startEdge({
      routes: [{ host: 'a.test', to: { port }, filters: [{ ...RETRY, attempts: 4 }] }],
    });
    using client = await edge.connect();
    // A POST, too: nothing of it was sent.
    await client.write(post('x'));
    expect((await client.readResponse()).status).toBe(502);
    // Three that were followed by another try, and the one that was told.
    expect(edge.plane.stats().errors).toEqual({ 'upstream-refused': 4 });
  });
});
