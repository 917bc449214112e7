import type { ErrorPagesFilter } from '@dproxy/core';
import { type Behaviour, backendOf, eventually, Origin, respond } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { values } from './fixtures/ask.ts';

const PAGES: ErrorPagesFilter = {
  type: 'errorPages',
  statuses: [
    [404, 404],
    [500, 599],
  ],
  backends: [{ backendId: 'pages', weight: 1 }],
  path: '/{status}.html?from={url}',
};

const nicePage: Behaviour = async (exchange) =>
  exchange.respond({
    headers: [
      ['Content-Type', 'text/html'],
      ['X-Page', '1'],
    ],
    body: `page ${exchange.target}`,
  });

async function serve(main: { readonly port: number }, pages: { readonly port: number }) {
  return await startEdge({
    routes: [{ host: 'a.test', to: { port: main.port }, filters: [PAGES] }],
    backends: [backendOf({ id: 'pages', port: pages.port })],
  });
}

async function closedPort(): Promise<{ readonly port: number }> {
  const origin = await Origin.start();
  const { port } = origin;
  await origin.close();
  return { port };
}

describe('error pages', () => {
  it('replace the answer, with the status that it had', async () => {
    await using main = await Origin.start(respond({ status: 404, headers: [['X-Main', '1']], body: 'ugly' }));
    await using pages = await Origin.start(nicePage);
    await using edge = await serve(main, pages);
    using client = await edge.connect();
    for (let request = 0; request < 2; request++) {
      await client.write(
        getRequest('a.test', '/x?y=1', 'Range: bytes=0-1\r\nCookie: secret=1\r\nAuthorization: Basic x\r\n'),
      );
      const response = await client.readResponse();
      expect(response.status).toBe(404);
      expect(response.body.text).toBe('page /404.html?from=http%3A%2F%2Fa.test%2Fx%3Fy%3D1');
      expect([values(response, 'x-page'), values(response, 'x-main')]).toEqual([['1'], []]);
    }
    const asked = pages.requests[0]?.head;
    expect(asked?.header('host')).toBe('a.test');
    for (const name of ['range', 'cookie', 'authorization']) expect(asked?.header(name)).toBeUndefined();
  });

  it('let other answers pass, and are not asked for them', async () => {
    await using main = await Origin.start(respond({ status: 403, body: 'mine' }));
    await using pages = await Origin.start(nicePage);
    await using edge = await serve(main, pages);
    using client = await edge.connect();
    await client.write(getRequest());
    expect(await client.readResponse()).toMatchObject({ status: 403, body: { text: 'mine' } });
    expect(pages.requests).toHaveLength(0);
  });

  it('replace our own errors, too, which are counted all the same', async () => {
    await using pages = await Origin.start(nicePage);
    await using edge = await serve(await closedPort(), pages);
    using client = await edge.connect();
    await client.write(getRequest());
    const response = await client.readResponse();
    expect([response.status, response.body.text.slice(0, 14)]).toEqual([502, 'page /502.html']);
    expect(edge.plane.stats().errors['upstream-refused']).toBe(1);
  });

  it('answer HEAD without a body', async () => {
    await using main = await Origin.start(respond({ status: 500 }));
    await using pages = await Origin.start(nicePage);
    await using edge = await serve(main, pages);
    using client = await edge.connect();
    await client.write('HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(await client.readResponse({ method: 'HEAD' })).toMatchObject({ status: 500, body: { text: '' } });
  });

  it.each<[string, Behaviour | undefined]>([
    ['cannot be reached', undefined],
    ['fails itself', respond({ status: 503, body: 'broken' })],
    ['breaks off', async (exchange) => void exchange.connection.socket.destroy()],
    ['sends without end', respond({ body: 'x'.repeat(2_000_000) })],
  ])('become one of ours when their service %s', async (_, behaviour) => {
    await using main = await Origin.start(respond({ status: 500, body: 'ugly' }));
    const pages = await Origin.start(behaviour ?? nicePage);
    const { port } = pages;
    if (behaviour === undefined) await pages.close();
    await using edge = await serve(main, { port });
    using client = await edge.connect();
    await client.write(getRequest());
    const response = await client.readResponse();
    expect(response.status).toBe(500);
    expect(response.body.text).not.toMatch(/ugly|broken|xxx|page \//);
    if (behaviour !== undefined) await pages.close();
  });

  it('leave the answer alone when none of their backends is ready', async () => {
    await using main = await Origin.start(respond({ status: 500, body: 'ugly' }));
    await using edge = await startEdge({
      routes: [{ host: 'a.test', to: main, filters: [PAGES] }],
      backends: [backendOf({ id: 'pages', port: 1, state: 'stopped' })],
    });
    using client = await edge.connect();
    await client.write(getRequest());
    expect(await client.readResponse()).toMatchObject({ status: 500, body: { text: 'ugly' } });
  });

  it('are shown when no wildcard candidate can be reached', async () => {
    await using pages = await Origin.start(nicePage);
    const gone = await closedPort();
    await using edge = await startEdge({
      routes: [
        { host: '*.b.test', to: gone },
        { host: '*.test', to: gone, filters: [PAGES] },
      ],
      backends: [backendOf({ id: 'pages', port: pages.port })],
    });
    using client = await edge.connect();
    await client.write(getRequest('a.b.test'));
    const response = await client.readResponse();
    expect([response.status, response.body.text.slice(0, 14)]).toEqual([502, 'page /502.html']);
    expect(edge.plane.stats().routes.map(({ active }) => active)).toEqual([0, 0]);
  });

  it.each([404, 500])('leave an answer with %s alone when the URL is too long to be told', async (status) => {
    await using main = await Origin.start(respond({ status, body: 'ugly' }));
    await using pages = await Origin.start(nicePage);
    const all: ErrorPagesFilter = { ...PAGES, statuses: [[400, 599]] };
    await using edge = await startEdge({
      routes: [{ host: 'a.test', to: main, filters: [all] }],
      backends: [backendOf({ id: 'pages', port: pages.port })],
    });
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/%'.repeat(8_000)));
    expect(await client.readResponse()).toMatchObject({ status, body: { text: 'ugly' } });
    expect(pages.requests).toHaveLength(0);
  });

  it('are not waited for by a client that goes away', async () => {
    await using main = await Origin.start(respond({ status: 500 }));
    await using pages = await Origin.start(() => new Promise<void>(() => {}));
    await using edge = await serve(main, pages);
    using client = await edge.connect();
    await client.write(getRequest());
    await eventually(() => pages.requests.length === 1);
    client.reset();
    await eventually(() => pages.openConnections === 0);
    expect(edge.plane.stats().errors['client-gone']).toBe(1);
  });
});
