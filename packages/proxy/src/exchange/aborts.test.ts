import { describe, expect, test } from 'vitest';
import { eventually, Origin, RawClient } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const POST = 'POST /p HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';

/** One request is served afterwards, and nothing of the broken ones is left. */
async function expectHealthy(edge: Awaited<ReturnType<typeof startEdge>>, internal = 0) {
  await eventually(() => edge.plane.stats().connections === 0);
  using client = await edge.connect();
  await client.write(getRequest('ok.test'));
  expect((await client.readResponse()).status).toBe(200);
  expect(edge.plane.stats().errors['internal'] ?? 0).toBe(internal);
}

describe('going away at every moment', () => {
  test.each(['reset', 'close'] as const)('a client that ends by %s after any byte harms nobody', async (how) => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.body();
      await exchange.respond();
    });
    await using healthy = await Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': origin, 'ok.test': healthy } });
    for (let length = 0; length <= POST.length; length++) {
      const client = await RawClient.connect({ port: edge.port() });
      await client.write(POST.slice(0, length));
      client[how]();
    }
    await expectHealthy(edge);
  });

  test.each(['end', 'reset'] as const)(
    'a backend that ends by %s after any byte gives a whole answer or none',
    async (how) => {
      let length = 0;
      await using origin = await Origin.start(async (exchange) => {
        await exchange.write(ANSWER.slice(0, length));
        if (how === 'end') exchange.connection.socket.destroySoon();
        else exchange.reset();
      });
      await using healthy = await Origin.start();
      await using edge = await startEdge({ routes: { 'a.test': origin, 'ok.test': healthy } });
      for (; length < ANSWER.length; length++) {
        using client = await RawClient.connect({ port: edge.port() });
        await client.write(getRequest().replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
        const text = (await client.readToEnd()).toString();
        if (text.startsWith('HTTP/1.1 200')) expect(text).not.toMatch(/0\r\n\r\n$/);
        else if (how === 'end') expect(text).toMatch(/^HTTP\/1\.1 502/);
      }
      await expectHealthy(edge);
    },
  );

  test('pieces of any size give the same answer', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const { text } = await exchange.body();
      for (const byte of ANSWER) await exchange.write(byte);
      expect(text).toBe('hello');
    });
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    for (const size of [1, 2, 3, 7, 64]) {
      for (let at = 0; at < POST.length; at += size) await client.write(POST.slice(at, at + size));
      expect((await client.readResponse()).body.text).toBe('abcde');
    }
    expect(origin.connections).toHaveLength(1);
  });
});
