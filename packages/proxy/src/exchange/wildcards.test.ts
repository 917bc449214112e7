import { describe, expect, test } from 'vitest';
import { Origin } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';

async function ask(edge: Awaited<ReturnType<typeof startEdge>>, host: string, method = 'GET') {
  using client = await edge.connect();
  await client.write(getRequest(host).replace('GET', method));
  const { status, body } = await client.readResponse();
  return `${status} ${body.text}`;
}

const failing = {
  behaviour: (exchange: { respond(response: object): Promise<void> }) => exchange.respond({ status: 500, body: 'bad' }),
};

describe('wildcard candidates', () => {
  test('an error leads to the next candidate, which is remembered', async () => {
    await using bad = await Origin.start(failing);
    await using good = await Origin.start({ name: 'good' });
    await using edge = await startEdge({ routes: { '*.x.test': bad, '*.test': good } });
    expect(await ask(edge, 'a.x.test')).toBe('200 good');
    expect(await ask(edge, 'a.x.test')).toBe('200 good');
    expect(bad.requests).toHaveLength(1);
    // Another host asks for itself.
    expect(await ask(edge, 'b.x.test')).toBe('200 good');
    expect(bad.requests).toHaveLength(2);
  });

  test('a later error of the remembered one is its answer', async () => {
    await using bad = await Origin.start(failing);
    await using good = await Origin.start({ name: 'good' });
    await using edge = await startEdge({ routes: { '*.x.test': bad, '*.test': good } });
    await ask(edge, 'a.x.test');
    good.behave((exchange) => exchange.respond({ status: 503, body: 'later' }));
    expect(await ask(edge, 'a.x.test')).toBe('503 later');
  });

  test('a remembered one that cannot be connected is forgotten', async () => {
    await using bad = await Origin.start(failing);
    await using good = await Origin.start({ name: 'good' });
    await using last = await Origin.start({ name: 'last' });
    await using edge = await startEdge({ routes: { '*.y.x.test': bad, '*.x.test': good, '*.test': last } });
    expect(await ask(edge, 'a.y.x.test')).toBe('200 good');
    await good.close();
    expect(await ask(edge, 'a.y.x.test')).toBe('200 last');
    expect(bad.requests).toHaveLength(2);
  });

  test('when all fail the most specific answer is relayed', async () => {
    await using first = await Origin.start((exchange) => exchange.respond({ status: 500, body: 'first' }));
    await using second = await Origin.start((exchange) => exchange.respond({ status: 502, body: 'second' }));
    await using edge = await startEdge({ routes: { '*.x.test': first, '*.test': second } });
    expect(await ask(edge, 'a.x.test')).toBe('500 first');
  });

  test('a request that cannot be repeated goes to the first only', async () => {
    await using bad = await Origin.start(failing);
    await using good = await Origin.start({ name: 'good' });
    await using edge = await startEdge({ routes: { '*.x.test': bad, '*.test': good } });
    expect(await ask(edge, 'a.x.test', 'POST')).toBe('500 bad');
    expect(good.requests).toHaveLength(0);
  });

  test('a candidate without a ready backend is passed over', async () => {
    await using good = await Origin.start({ name: 'good' });
    await using edge = await startEdge({
      routes: [
        { host: '*.x.test', to: { port: 1, state: 'stopped' } },
        { host: '*.test', to: good },
      ],
    });
    expect(await ask(edge, 'a.x.test')).toBe('200 good');
  });
});

describe('routes', () => {
  test('a path that two readers read differently is refused where it matters', async () => {
    await using admin = await Origin.start({ name: 'admin' });
    await using site = await Origin.start({ name: 'site' });
    await using edge = await startEdge({
      routes: [
        { host: 'a.test', to: site },
        { host: 'a.test', path: '/admin', to: admin },
      ],
    });
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/x/../admin'));
    expect((await client.readResponse()).status).toBe(400);
    await client.write(getRequest('a.test', '/x//y'));
    expect((await client.readResponse()).body.text).toBe('site');
  });

  test('answers and redirects need no backend', async () => {
    await using edge = await startEdge({
      routes: [
        { host: 'a.test', action: { type: 'respond', status: 201, body: 'hällo', headers: [['X-A', 'b']] } },
        { host: 'b.test', action: { type: 'redirect', status: 308, location: 'https://c.test/' } },
      ],
    });
    using client = await edge.connect();
    await client.write(getRequest());
    const response = await client.readResponse();
    expect([response.status, response.body.text]).toEqual([201, 'hällo']);
    expect(response.raw).toMatch(/x-a: b\r\n/i);
    await client.write(getRequest().replace('GET', 'HEAD'));
    expect((await client.readResponse({ method: 'HEAD' })).status).toBe(201);
    await client.write(getRequest('b.test'));
    expect((await client.readResponse()).raw).toMatch(/location: https:\/\/c\.test\//i);
  });

  test('local names answer to loopback clients that nobody forwarded', async () => {
    await using origin = await Origin.start();
    await using edge = await startEdge({ routes: [{ host: 'a.localhost', audience: 'local', to: origin }] });
    using client = await edge.connect();
    await client.write(getRequest('a.localhost'));
    expect((await client.readResponse()).status).toBe(200);
    await client.write(getRequest('a.localhost', '/', 'Via: 1.1 x\r\n'));
    expect((await client.readResponse()).status).toBe(404);
  });
});

describe('headers', () => {
  test('the backend is told who asks, and the client about the backend when it may ask', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.head.raw }));
    await using edge = await startEdge({ routes: { 'a.test': origin } });
    using client = await edge.connect();
    await client.write(getRequest('a.test', '/', 'X-Debug: 1\r\nX-Forwarded-For: 6.6.6.6\r\n'));
    const forged = await client.readResponse();
    expect(forged.body.text).toMatch(/x-forwarded-for: 127\.0\.0\.1\r\n/);
    expect(forged.body.text).not.toMatch(/6\.6\.6\.6/);
    expect(forged.body.text).toMatch(
      /x-debug-backend: .+\r\nx-debug-time-total: [\d.]+\r\nx-debug-time-backend: [\d.]+\r\n/,
    );
    expect(forged.raw).not.toMatch(/x-debug/i);
    await client.write(getRequest('a.test', '/', 'X-Debug: 1\r\n'));
    expect((await client.readResponse()).raw).toMatch(/x-debug-backend/i);
  });
});
