import { describe, expect, test } from 'vitest';
import { eventually, hold, inTurn, Origin, respond } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

/** docs/adr/0003-half-closed-clients.md */
describe('a client that ends its side after its requests', () => {
  test('gets all its answers, then our end', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest() + getRequest());
    client.halfClose();
    expect((await client.readResponse()).status).toBe(200);
    expect((await client.readResponse()).status).toBe(200);
    expect(await client.ended).toBe('end');
  });

  test('gets an answer that takes its time, as long as it is no longer than the limit', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write('GET / HTTP/1.0\r\nHost: a.test\r\n\r\n');
    client.halfClose();
    const until = performance.now() + 1_200;
    await eventually(() => held.waiting.length === 1 && performance.now() > until);
    held.release(respond({ body: 'late' }));
    expect((await client.readToEnd()).toString()).toMatch(/late$/);
  });

  test('has shown with every byte for it that it is there', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
      for (const byte of 'whole') {
        const until = performance.now() + 500;
        await eventually(() => performance.now() > until);
        await exchange.write(byte);
      }
    });
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { halfClosedMs: 1_500 } });
    using client = await edge.connect();
    await client.write(getRequest());
    client.halfClose();
    expect((await client.readResponse()).body.text).toBe('whole');
  });

  test('is given up with its silent request when it may as well be gone', async () => {
    await using origin = await Origin.start(hold().behaviour);
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { halfClosedMs: 100 } });
    using client = await edge.connect();
    await client.write(getRequest());
    await eventually(() => origin.requests.length === 1);
    client.close();
    await origin.connections[0]?.gone;
    await eventually(() => edge.plane.stats().connections === 0);
    expect(edge.plane.stats().errors).toEqual({ 'client-gone': 1 });
  });

  test('is given up in the middle of a pipeline, too', async () => {
    await using origin = await Origin.start(inTurn(respond({}), hold().behaviour));
    await using edge = await startEdge({ routes: { 'a.test': origin }, limits: { halfClosedMs: 300 } });
    using client = await edge.connect();
    await client.write(getRequest() + getRequest());
    client.halfClose();
    expect((await client.readResponse()).status).toBe(200);
    await origin.connections[0]?.gone;
    await eventually(() => edge.plane.stats().errors['client-gone'] === 1);
  });

  test('that is really gone is found out by the next bytes for it', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 200 OK\r\n\r\n');
      while (!exchange.connection.isHalfClosed && !exchange.connection.isClosed) {
        await exchange.write('tick');
        const until = performance.now() + 20;
        await eventually(() => performance.now() > until);
      }
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest());
    await client.readUntil('tick');
    client.close();
    await origin.connections[0]?.gone;
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('and owes a part of its body is gone at once', async () => {
    await using origin = await Origin.start(hold().behaviour);
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhello');
    await eventually(() => origin.requests.length === 1);
    client.halfClose();
    await origin.connections[0]?.gone;
    await eventually(() => edge.plane.stats().connections === 0);
  });
});
