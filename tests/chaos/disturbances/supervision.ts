import { eventually } from '@dproxy/testkit';
import { isAlive } from '../../product/product.ts';
import type { Disturbance } from './disturbance.ts';

/** What becomes of those that look after the workers. */
export const SUPERVISION_DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'kill -9 of the primary',
    endsWorkers: false,
    times: { sample: 1, long: 20 },
    disturb: async ({ site: { product } }) => {
      const primary = await product.primaryPid();
      process.kill(primary, 'SIGKILL');
      await eventually(async () => (await product.primaryPid()) !== primary, { deadlineMs: 90_000 });
      await product.whenOnline(2);
    },
  },
  {
    name: 'kill -9 of PM2, and another start',
    endsWorkers: true,
    times: { sample: 1, long: 10 },
    disturb: async ({ site: { product } }) => {
      const [before, primary] = [await product.whenOnline(), await product.primaryPid()];
      process.kill(product.supervisorPid, 'SIGKILL');
      await eventually(async () => (await product.health()).supervisor === 'gone');
      product.run();
      await eventually(() => ![...before, primary].some(isAlive), { deadlineMs: 90_000, what: 'the end of the old' });
      await product.whenOnline(2);
    },
  },
];
