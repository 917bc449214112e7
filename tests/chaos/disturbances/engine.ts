import { eventually } from '@dproxy/testkit';
import type { Engine } from '@dproxy/testkit/docker';
import type { Disturbance, Round } from './disturbance.ts';

/** What becomes of an engine whose containers live on without it (`live-restore`). */
export function engineDisturbances(
  engine: Pick<Engine, 'shutDown' | 'kill' | 'restart'>,
  awaySeconds: number,
): readonly Disturbance[] {
  return [
    {
      name: 'restart of the engine',
      endsWorkers: false,
      times: { sample: 1, long: 10 },
      disturb: async (round) => {
        await engine.shutDown();
        await engine.restart();
        await whenFollowed(round);
      },
    },
    {
      name: `engine killed, and gone for ${awaySeconds} s`,
      endsWorkers: false,
      times: { sample: 1, long: 3 },
      disturb: async (round) => {
        await engine.kill();
        const { load } = round;
        const [sent, startedMs] = [load.sent, performance.now()];
        await eventually(() => performance.now() - startedMs >= awaySeconds * 1_000 && load.sent > sent, {
          deadlineMs: (awaySeconds + 30) * 1_000,
          everyMs: 50,
        });
        await engine.restart();
        await whenFollowed(round);
      },
    },
  ];
}

/** What comes after the engine is back is seen again. */
export async function whenFollowed({ site, number }: Round): Promise<void> {
  await site.runReplica(`after-${number}`);
  await site.whenAnswer('one', 'two', `after-${number}`);
  await site.engine.docker('stop', `after-${number}`);
  await site.engine.docker('rm', `after-${number}`);
  await site.whenAnswer('one', 'two');
}
