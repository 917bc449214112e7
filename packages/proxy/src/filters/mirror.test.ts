import type { MirrorFilter } from '@dproxy/core';
import { type BackendSpec, backendOf, eventually, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';

/** A route to `main` that is mirrored. */
function mirrored(main: Origin, mirror: BackendSpec, more: Partial<MirrorFilter> = {}) {
  const backend = backendOf({ ...mirror, port: mirror.port, id: 'mirror' });
  const filter: MirrorFilter = {
    type: 'mirror',
    backends: [{ backendId: 'mirror', weight: 1 }],
    percent: 100,
    maxBodyBytes: 20,
    ...more,
  };
  return { routes: [{ host: 'a.test', to: main, filters: [filter] }], backends: [backend] };
}

const post = (body: string): string =>
  `POST /x?y HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('a mirror', () => {
  it('gets what the backend gets, bodies too, and its answers are dropped', async () => {
    await using main = await Origin.start();
    const seen: string[] = [];
    await using shadow = await Origin.start(async (exchange) => {
      const body = await exchange.body();
      seen.push(`${exchange.method} ${exchange.target} ${body.text}`);
      await exchange.respond({ status: 500, body: 'z'.repeat(100_000) });
    });
    await using edge = await startEdge(mirrored(main, shadow));
    using client = await edge.connect();
    const chunked = 'POST /c HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    for (const request of [getRequest('a.test', '/g'), post('hello'), chunked]) {
      await client.write(request);
      expect(await client.readResponse()).toMatchObject({ status: 200, body: { text: 'origin' } });
    }
    await eventually(() => seen.length === 3);
    expect(seen.toSorted()).toEqual(['GET /g ', 'POST /c abc', 'POST /x?y hello']);
  });

  it('gets its share, evenly, and no body that is too long', async () => {
    await using main = await Origin.start();
    await using shadow = await Origin.start();
    const spec = mirrored(main, shadow, { percent: 25 });
    await using edge = await startEdge(spec);
    using client = await edge.connect();
    for (let request = 0; request < 8; request++) {
      await client.write(getRequest());
      await client.readResponse();
      const expected = Math.floor((request + 1) / 4);
      await eventually(() => shadow.requests.length === expected);
    }
    await edge.apply({ ...mirrored(main, shadow), version: 2 });
    await client.write(post('x'.repeat(21)));
    await client.readResponse();
    await client.write(post('x'.repeat(20)));
    await client.readResponse();
    await eventually(() => shadow.requests.length === 3);
    expect(shadow.requests.at(-1)?.bodyLength).toBe(20);
  });

  it.each([
    ['is gone', undefined],
    ['never answers', () => new Promise<void>(() => {})],
    [
      'breaks off',
      async (exchange: { connection: { socket: { destroy(): unknown } } }) => void exchange.connection.socket.destroy(),
    ],
  ])('that %s costs the client nothing', async (_, behaviour) => {
    await using main = await Origin.start();
    const shadow = behaviour === undefined ? await Origin.start() : await Origin.start(behaviour);
    const { port } = shadow;
    if (behaviour === undefined) await shadow.close();
    await using edge = await startEdge(mirrored(main, { port }));
    using client = await edge.connect();
    for (let request = 0; request < 150; request++) {
      await client.write(getRequest());
      expect((await client.readResponse()).status).toBe(200);
    }
    // No more than so many wait for it at a time.
    expect(shadow.requests.length).toBeLessThanOrEqual(behaviour === undefined ? 0 : 150);
    if (behaviour !== undefined) await shadow.close();
  });
});
