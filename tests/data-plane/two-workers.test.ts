import { eventually, Origin, RawClient, upgradeEcho } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { startLoad, startWorkers } from './edge.ts';

const UPGRADE = 'GET / HTTP/1.1\r\nHost: ws.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('two workers on one port', () => {
  it('share the requests of a route evenly between its containers, to within one for each worker', async () => {
    await using origins = await startOrigins(4);
    const [one, two] = await startWorkers({ routes: { 'a.test': origins.all } });
    await using _one = one;
    await using _two = two;
    for (let count = 0; count < 80; count++) {
      using client = await RawClient.connect({ port: one.port });
      await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      expect((await client.readResponse()).status).toBe(200);
    }
    const served = [one, two].map(({ plane }) => plane.stats().requests);
    expect(served[0] ?? 0).toBeGreaterThan(0);
    expect(served[1] ?? 0).toBeGreaterThan(0);
    const counts = origins.all.map(({ requests }) => requests.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it.each([
    ['one request per connection', false],
    ['connections that are kept', true],
  ])('lose nothing when one of them drains: %s', async (_name, keepAlive) => {
    await using origin = await Origin.start();
    const [one, two] = await startWorkers({ routes: { 'a.test': origin } });
    await using _one = one;
    await using _two = two;
    const load = startLoad(one.port, { clients: 16, keepAlive });
    await eventually(() => one.plane.stats().requests > 200 && two.plane.stats().requests > 200);
    const report = await one.plane.drain(8_000);
    const before = two.plane.stats().requests;
    await eventually(() => two.plane.stats().requests > before + 200);
    await load.stop();
    expect(load.lost).toEqual([]);
    expect(report.cut).toBe(0);
    expect(one.plane.stats().connections).toBe(0);
  });

  it('keep the tunnels of one apart from the drain of the other', async () => {
    await using origin = await Origin.start(upgradeEcho());
    const [one, two] = await startWorkers({ routes: { 'ws.test': origin } });
    await using _one = one;
    await using _two = two;
    const clients: RawClient[] = [];
    while (one.plane.stats().tunnels < 3 || two.plane.stats().tunnels < 3) {
      const client = await RawClient.connect({ port: one.port });
      clients.push(client);
      await client.write(UPGRADE);
      expect((await client.readHead()).status).toBe(101);
    }
    const [ofOne, ofTwo] = [one.plane.stats().tunnels, two.plane.stats().tunnels];
    const draining = one.plane.drain(500);
    for (const client of clients) {
      await client.write('ping');
      expect((await client.readBytes(4)).toString()).toBe('ping');
    }
    expect(await draining).toEqual({ finished: 0, cut: ofOne });
    await eventually(() => clients.filter(({ isEnded }) => isEnded).length === ofOne);
    expect(two.plane.stats().tunnels).toBe(ofTwo);
    for (const client of clients) client.close();
  });
});

async function startOrigins(count: number) {
  const all = await Promise.all(Array.from({ length: count }, () => Origin.start()));
  return { all, [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((origin) => origin.close()))) };
}
