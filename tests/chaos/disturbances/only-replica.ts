import { eventually } from '@dproxy/testkit';
import type { Product } from '../../product/product.ts';
import { ONLY_HOST } from '../site.ts';
import type { Disturbance } from './disturbance.ts';

/** Requests wait for the successor of a container that had been ready for this long; with what a busy machine may need to see it. */
const READY_MS = 10_000 + 1_000;

/** What becomes of a container that has no other beside it: its requests wait until it is back. */
export const ONLY_REPLICA_DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'docker restart of the only replica',
    endsWorkers: false,
    times: { sample: 1, long: 20 },
    disturb: async ({ site: { engine, product } }) => {
      await whenUp(product, READY_MS);
      await engine.docker('restart', 'only');
      await whenUp(product, 0);
    },
  },
];

/** The container has listened for so many milliseconds. */
async function whenUp(product: Product, ms: number): Promise<void> {
  await eventually(
    async () => {
      const { status, headers } = await product.get(ONLY_HOST);
      const up = headers.find(([name]) => name.toLowerCase() === 'x-up-ms')?.[1];
      return status === 200 && Number(up) >= ms;
    },
    { everyMs: 100, what: `${ms} ms of ${ONLY_HOST}` },
  );
}
