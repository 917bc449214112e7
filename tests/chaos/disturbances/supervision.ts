import { eventually } from '@dproxy/testkit';
import type { Engine } from '@dproxy/testkit/docker';
import { isAlive } from '../../product/product.ts';
import type { Disturbance, Round } from './disturbance.ts';
import { whenFollowed } from './engine.ts';

/** What becomes of those that look after the workers. */
export const SUPERVISION_DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'kill -9 of the primary',
    endsWorkers: false,
    times: { sample: 1, long: 20 },
    disturb: killPrimary,
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

/** Not a part of the soak, where both happen by themselves, and now and then at the same time. */
export function killedWithoutEngine(engine: Pick<Engine, 'kill' | 'restart'>): Disturbance {
  return {
    name: 'kill -9 of the primary while the engine is away',
    endsWorkers: false,
    times: { sample: 1, long: 5 },
    disturb: async (round) => {
      await engine.kill();
      // It is back when it has given up waiting for the engine.
      await killPrimary(round);
      const { load } = round;
      const { sent } = load;
      await eventually(() => load.sent > sent + 200);
      await engine.restart();
      await whenFollowed(round);
    },
  };
}

async function killPrimary({ site: { product } }: Round): Promise<void> {
  const primary = await product.primaryPid();
  process.kill(primary, 'SIGKILL');
  await eventually(async () => (await product.primaryPid()) !== primary, { deadlineMs: 90_000 });
  await product.whenOnline(2);
}
