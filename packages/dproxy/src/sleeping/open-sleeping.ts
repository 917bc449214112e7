import type { SnapshotServer } from '@dproxy/cluster';
import type { Log, SourceState, WorkerStatus } from '@dproxy/core';
import { IdleStop, type IdleWorkers } from '@dproxy/discovery';
import type { ControlPlane } from '../control-plane.ts';
import type { Waking } from '../waking/open-waking.ts';
import { areAllConnected } from './known-workers.ts';
import { SleepBook } from './sleep-book.ts';

/** A worker that does not answer by then has said nothing. */
const ACTIVITY_MS = 2_000;
/** A table reaches all workers in milliseconds; nobody waits longer for one that hangs. */
const SERVED_MS = 5_000;

export interface SleepingParts {
  readonly log: Log;
  readonly server: Pick<SnapshotServer, 'activity' | 'workers' | 'waitUntil'>;
  readonly plane: Pick<ControlPlane, 'snapshot' | 'setComing'>;
  readonly waking: Pick<Waking, 'waker' | 'engineOf' | 'attach'>;
  /** All that is known of workers, connected or not. */
  readonly census: () => readonly WorkerStatus[];
  /** `<state>/sleeping.json` */
  readonly path: string;
}

/** What puts groups to sleep. */
export interface Sleeping {
  readonly idle: IdleStop;
  /** To be called with every word of an engine, */
  follow(state: SourceState): void;
  /** and when it is followed no longer. */
  forget(source: string): void;
}

export async function openSleeping(parts: SleepingParts, opened: AsyncDisposableStack): Promise<Sleeping> {
  const { log, plane, waking, path } = parts;
  const book = await SleepBook.open(path, log);
  opened.defer(() => book.close());
  const idle = new IdleStop({
    log,
    workers: workersOf(parts),
    table: {
      get snapshot() {
        return plane.snapshot;
      },
      setComing: (coming) => plane.setComing(coming),
    },
    records: book,
    engineOf: (source) => waking.engineOf(source),
    isWaking: (group) => waking.waker.isWaking(group),
    wake: (group) => waking.waker.wakeUp(group),
    nowMs: () => performance.now(),
    wallMs: Date.now,
    machineZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  waking.attach(idle);
  opened.defer(() => idle.stop());
  return {
    idle,
    follow: ({ source, wakePlans = [] }) => idle.setPlans(source, wakePlans),
    forget: (source) => idle.setPlans(source, []),
  };
}

function workersOf({ server, census }: SleepingParts): IdleWorkers {
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
