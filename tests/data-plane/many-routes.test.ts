import { eventually, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { startLoad, startWorker } from './edge.ts';

const ROUTES = 5_000;

describe('a table of 5,000 routes', () => {
  it('may change again and again under load, and no request is lost', async () => {
    await using origin = await Origin.start();
    const routesOf = (version: number) => [
      { host: 'a.test', to: origin },
      ...Array.from({ length: ROUTES }, (_, index) => ({
        host: `host${index}.test`,
        to: { port: index === version ? 2 : 1, id: `backend ${index}` },
      })),
    ];
    await using worker = await startWorker({ routes: routesOf(0) }, { index: 0, count: 1, port: 0 });
    const load = startLoad(worker.port, { clients: 8, keepAlive: true });
    for (let version = 1; version <= 10; version++) {
      const before = load.answered;
      // Made anew from end to end, so that nothing is shared with the one before: the worst case.
      await worker.apply({ routes: routesOf(version), version });
      await eventually(() => load.answered > before + 20);
    }
    await load.stop();
    expect(load.lost).toEqual([]);
    expect(origin.connections.length).toBeLessThan(20);
  });
});
