import { eventually } from '@dproxy/testkit';
import { runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { Load } from './load.ts';
import { startOnEngine } from './on-engine.ts';
import type { Product } from './product.ts';

const engine = sharedEngine();
let product: Product;

startOnEngine(engine, (started) => (product = started));

it('balances replicas evenly, whichever worker is asked', async () => {
  const labels = { 'dproxy.host': 'replicas.test' };
  const names = ['one', 'two', 'three'];
  await Promise.all(names.map((name) => runContainer(engine, { name, labels })));
  // Each worker counts for itself: with two of them nobody is more than two away from a third. Not from the first request:
  // a worker that asked one of them before it listened spares it for some seconds.
  await eventually(
    async () => {
      const counts = await countsOf('replicas.test', 60);
      return names.every((name) => Math.abs((counts.get(name) ?? 0) - 20) <= 2);
    },
    { what: 'sixty requests that are spread evenly' },
  );
});

it('takes an unhealthy replica out of balancing, and back in', async () => {
  const spec = {
    labels: { 'dproxy.host': 'sick.test' },
    health: 'wget -q -O /dev/null http://127.0.0.1/health',
  };
  await Promise.all(['ill', 'well'].map((name) => runContainer(engine, { name, ...spec })));
  await eventually(async () => (await namesOf('sick.test', 12)).size === 2);
  await engine.docker('exec', 'ill', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/health/fail');
  await eventually(async () => {
    const names = await namesOf('sick.test', 8);
    return names.size === 1 && names.has('well');
  });
  await engine.docker('exec', 'ill', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/health/ok');
  await eventually(async () => (await namesOf('sick.test', 12)).size === 2);
});

it('loses no request while every replica is replaced by a new one', async () => {
  const labels = { 'dproxy.host': 'rolling.test' };
  const spec = { labels, stopSignal: 'SIGTERM', health: 'wget -q -O /dev/null http://127.0.0.1/health' };
  await Promise.all(['old-1', 'old-2'].map((name) => runContainer(engine, { name, ...spec })));
  await eventually(async () => (await namesOf('rolling.test', 12)).size === 2);
  const target = { port: product.httpPort, name: 'rolling.test', path: '/slow?ms=5' };
  using keepAlive = new Load({ ...target, clients: 4, style: 'keep-alive' });
  using close = new Load({ ...target, clients: 4, style: 'close' });
  for (const round of ['1', '2']) {
    await runContainer(engine, { name: `new-${round}`, ...spec });
    await eventually(async () => (await namesOf('rolling.test', 16)).has(`new-${round}`));
    await engine.docker('stop', `old-${round}`);
    await engine.docker('rm', `old-${round}`);
  }
  for (const { lost, answered, statuses } of [await keepAlive.end(), await close.end()]) {
    console.log(`replicas replaced: ${answered} answers, statuses ${[...statuses].join(' ')}, ${lost.length} lost`);
    expect([lost, [...statuses.keys()]]).toEqual([[], [200]]);
  }
  expect([...(await namesOf('rolling.test', 12))].sort()).toEqual(['new-1', 'new-2']);
});

async function namesOf(host: string, requests: number): Promise<Set<string>> {
  return new Set((await countsOf(host, requests)).keys());
}

/** How often each replica answered so many requests. */
async function countsOf(host: string, requests: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let request = 0; request < requests; request++) {
    const answer = await product.get(host);
    if (answer.status !== 200) continue;
    const { name } = JSON.parse(answer.body.text) as { name: string };
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
