import type { SnapshotServer } from '@dproxy/cluster';
import type { WorkerStatus } from '@dproxy/core';
import type { IdleWorkers } from '@dproxy/discovery';
import { areAllConnected } from './known-workers.ts';

/** A worker that does not answer by then has said nothing. */
const ACTIVITY_MS = 2_000;
/** A table reaches all workers in milliseconds; nobody waits longer for one that hangs. */
const SERVED_MS = 5_000;

interface AllWorkersParts {
  readonly server: Pick<SnapshotServer, 'activity' | 'workers' | 'waitUntil'>;
  /** All that is known of workers, connected or not. */
  readonly census: () => readonly WorkerStatus[];
}

/** The workers of a primary, as idle stop needs them. */
export function allWorkers({ server, census }: AllWorkersParts): IdleWorkers {
  const areKnown = (): boolean => areAllConnected(census(), new Set(server.workers().map(({ pid }) => pid)));
  return {
    activity: async () => {
      const wereKnown = areKnown();
      const { groups, complete } = await server.activity(ACTIVITY_MS);
      return { groups, complete: complete && wereKnown && areKnown() };
    },
    whenServed: (version) =>
      server.waitUntil(
        (workers) => workers.length > 0 && workers.every((worker) => worker.version >= version),
        SERVED_MS,
      ),
  };
}
