import type { BufferFilter } from '@dproxy/core';
import { echo, Origin, type Behaviour } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { echoed, testEdge } from '../fixtures/test-edge.ts';

const FILTER: BufferFilter = { type: 'buffer', maxRequestBytes: 10, maxResponseBytes: 0 };

async function start(behaviour: Behaviour, filter: Partial<BufferFilter> = {}) {
  const origin = await Origin.start(behaviour);
  const edge = await testEdge(origin, {}, { route: { filters: [{ ...FILTER, ...filter }] } });
  return {
    origin,
    edge,
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      await origin.close();
    },
  };
}

it('asks the backend only when it has the whole request, whose length it then knows', async () => {
  await using all = await start(echo());
  using client = await all.edge.open();
  await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  expect(all.origin.requests).toHaveLength(0);
  await client.write('2\r\nde\r\n0\r\n\r\n');
  const seen = echoed(await client.readResponse());
  expect(seen.body).toBe('abcde');
  expect(seen.headers).toContainEqual(['Content-Length', '5']);
});

it('answers 413 to a longer one, told beforehand or not, and the backend hears nothing', async () => {
  await using all = await start(echo());
  const told = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\n01234567890';
  const untold = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n';
  expect((await all.edge.send(told)).status).toBe(413);
  expect((await all.edge.send(untold)).status).toBe(413);
  expect(all.origin.requests).toHaveLength(0);
});

it('leaves a request without a body as it is', async () => {
  await using all = await start(echo());
  expect((await all.edge.send('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(200);
});

it('answers 502 where the answer is longer than it may be', async () => {
  const long: Behaviour = (exchange) => exchange.respond({ body: '0123456789' });
  await using short = await start(long, { maxResponseBytes: 10 });
  const answer = await short.edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  expect([answer.status, answer.header('content-length'), answer.body.text]).toEqual([200, '10', '0123456789']);
  await using longer = await start(long, { maxResponseBytes: 9 });
  expect((await longer.edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(502);
});
