import type { Log, SourceState } from '@dproxy/core';
import { IdleStop, type IdleWorkers } from '@dproxy/discovery';
import type { ControlPlane } from '../control-plane.ts';
import type { Waking } from '../waking/open-waking.ts';
import { SleepBook } from './sleep-book.ts';

export interface SleepingParts {
  readonly log: Log;
  readonly workers: IdleWorkers;
  readonly plane: Pick<ControlPlane, 'snapshot' | 'setComing'>;
  readonly waking: Pick<Waking, 'waker' | 'engineOf' | 'attach'>;
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
  const { log, workers, plane, waking, path } = parts;
  const book = await SleepBook.open(path, log);
  opened.defer(() => book.close());
  const idle = new IdleStop({
    log,
    workers,
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
