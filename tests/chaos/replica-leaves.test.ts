import { eventually } from '@dproxy/testkit';
import { runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { startOnEngine } from '../product/on-engine.ts';
import type { Product } from '../product/product.ts';
import { OpenLoad } from './open-load.ts';

const engine = sharedEngine();
const isLong = process.env['DPROXY_TEST_LONG'] === '1';
const ROUNDS = isLong ? 40 : 2;
const PER_SECOND = 250;
let product: Product;

startOnEngine(engine, (started) => (product = started));

const recreate = async (host: string): Promise<void> => {
  await engine.docker('rm', '-f', 'two');
  await runReplica('two', host);
};

/** What is done to one of two replicas, again and again. */
const DISTURBANCES: readonly (readonly [string, (host: string) => Promise<unknown>])[] = [
  ['docker restart', () => engine.docker('restart', 'two')],
  [
    'docker stop and start',
    async () => {
      await engine.docker('stop', 'two');
      await engine.docker('start', 'two');
    },
  ],
  ['docker rm -f and run', recreate],
];

it.each(DISTURBANCES)('loses no request while one of two replicas gets %s', async (what, disturb) => {
  const host = 'replicas.test';
  await Promise.all(['one', 'two'].map((name) => runReplica(name, host)));
  await whenBothAnswer(host);
  using load = new OpenLoad({ port: product.httpPort, host, path: '/slow?ms=3', perSecond: PER_SECOND });
  for (let round = 0; round < ROUNDS; round++) {
    await disturb(host);
    await whenBothAnswer(host);
  }
  const { sent, answered, lost, slowestMs } = await load.end();
  console.log(
    `${what}, ${ROUNDS} times: ${sent} sent, ${answered} answered, ${lost.length} lost, slowest ${slowestMs} ms`,
  );
  expect(lost).toEqual([]);
  expect(answered).toBe(sent);
});

async function runReplica(name: string, host: string): Promise<void> {
  await runContainer(engine, { name, labels: { 'dproxy.host': host }, stopSignal: 'SIGTERM' });
}

async function whenBothAnswer(host: string): Promise<void> {
  await eventually(
    async () => {
      const names = new Set<string>();
      for (let request = 0; request < 4; request++) {
        const { headers } = await product.get(host);
        names.add(headers.find(([name]) => name.toLowerCase() === 'x-origin')?.[1] ?? '');
      }
      return names.has('one') && names.has('two');
    },
    { everyMs: 20 },
  );
}
