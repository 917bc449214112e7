import { runContainer } from '@dproxy/testkit/docker';
import { REPLICA_LABELS, type Site } from '../site.ts';
import type { Disturbance, Round } from './disturbance.ts';

/** What becomes of one of two replicas, now of this one, now of that one. */
export const REPLICA_DISTURBANCES: readonly Disturbance[] = [
  ofOne('docker restart', async ({ engine }, name) => {
    await engine.docker('restart', name);
  }),
  ofOne('docker stop, docker start', async ({ engine }, name) => {
    await engine.docker('stop', name);
    await engine.docker('start', name);
  }),
  ofOne('docker compose up -d that recreates', recreate),
  ofOne('kill -9 of a replica', async ({ engine }, name) => {
    await engine.docker('kill', name);
    await engine.docker('start', name);
  }),
  {
    name: 'two replicas more, two less',
    endsWorkers: false,
    times: { sample: 2, long: 40 },
    disturb: async ({ site }) => {
      for (const name of ['three', 'four']) await site.runReplica(name);
      await site.whenAnswer('one', 'two', 'three', 'four');
      await Promise.all(['three', 'four'].map((name) => site.engine.docker('stop', name)));
      await site.engine.docker('rm', 'three', 'four');
      await site.whenAnswer('one', 'two');
    },
  },
];

function ofOne(name: string, change: (site: Site, name: string) => Promise<void>): Disturbance {
  return {
    name,
    endsWorkers: false,
    times: { sample: 2, long: 40 },
    disturb: async ({ site, number }: Round) => {
      await change(site, number % 2 === 0 ? 'two' : 'one');
      await site.whenAnswer('one', 'two');
    },
  };
}

/** What compose does: the new one under another name, with the same labels; then the old one goes, then the new one starts. */
async function recreate({ engine, posts }: Site, name: string): Promise<void> {
  const temporary = `f00d_${name}`;
  const folders = { '/received': posts.folder };
  await runContainer(engine, {
    name: temporary,
    env: { NAME: name },
    labels: REPLICA_LABELS,
    folders,
    stopSignal: 'SIGTERM',
    start: false,
  });
  await engine.docker('stop', name);
  await engine.docker('rm', name);
  await engine.docker('rename', temporary, name);
  await engine.docker('start', name);
}
