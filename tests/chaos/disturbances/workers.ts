import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@dproxy/testkit';
import type { Product } from '../../product/product.ts';
import type { Disturbance } from './disturbance.ts';

/** What becomes of the workers. */
export const WORKER_DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'rolling replacement of all workers',
    endsWorkers: true,
    times: { sample: 1, long: 50 },
    disturb: async ({ site: { product } }) => {
      const before = await product.whenOnline();
      const headers = `Authorization: Bearer ${(await readFile(join(product.state, 'api.token'), 'utf8')).trim()}`;
      const answer = await product.api('/service/balancer/replace', { method: 'POST', headers });
      if (!answer.ok) throw new Error(answer.message);
      await whenReplaced(product, before);
    },
  },
  {
    name: 'SIGTERM to one worker',
    endsWorkers: true,
    // Counted in the sample of tests/product/http2-resize.test.ts.
    times: { sample: 0, long: 40 },
    disturb: async ({ site: { product }, number }) => {
      const pids = await product.whenOnline();
      const pid = pids[number % pids.length] ?? 0;
      process.kill(pid, 'SIGTERM');
      await whenReplaced(product, [pid]);
    },
  },
  {
    name: 'resize to 4, 1 and 2 workers',
    endsWorkers: true,
    // Likewise in tests/product/balancer.test.ts.
    times: { sample: 0, long: 20 },
    disturb: async ({ site: { product } }) => {
      for (const size of [4, 1, 2]) {
        await product.api(`/service/balancer/resize?size=${size}`);
        await product.whenOnline(size);
      }
    },
  },
];

async function whenReplaced(product: Product, before: readonly number[]): Promise<void> {
  await eventually(async () => !(await product.whenOnline()).some((pid) => before.includes(pid)), {
    deadlineMs: 90_000,
    everyMs: 50,
    what: 'other workers',
  });
}
