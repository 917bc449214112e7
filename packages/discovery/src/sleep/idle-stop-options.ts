import type { GroupActivity, IdleStateView, Log, Snapshot } from '@dproxy/core';
import type { ActivityProbe } from './idle-probe.ts';
import type { SleepTable } from './sleep-marks.ts';
import type { SleepRecords } from './sleep-records.ts';
import type { SleepEngine } from './sleep-run.ts';

/** All workers, as idle stop needs them. */
export interface IdleWorkers {
  /** `complete`: every worker that may serve has answered in time. */
  activity(): Promise<{ readonly groups: readonly GroupActivity[]; readonly complete: boolean }>;
  /** True once every worker serves this version or a newer one; false when that takes too long. */
  whenServed(version: number): Promise<boolean>;
}

export interface IdleStopOptions {
  readonly log: Log;
  readonly workers: IdleWorkers;
  readonly table: SleepTable & { readonly snapshot: Snapshot | undefined };
  readonly records: SleepRecords;
  /** Of the source that a group is of. @throws when there is none */
  readonly engineOf: (source: string) => Promise<SleepEngine>;
  /** A start of it is under way. */
  readonly isWaking: (group: string) => boolean;
  /** An awake time has begun. Resolves to whether it runs now. Never rejects. */
  readonly wake: (group: string) => Promise<boolean>;
  /** Of a clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Epoch milliseconds. */
  readonly wallMs: () => number;
  /** IANA name of the zone of this machine. */
  readonly machineZone: string;
  readonly probe?: ActivityProbe;
  /** Milliseconds between two looks, at least; default 250. */
  readonly minPauseMs?: number;
}

/** What idle stop has to say of a group. */
export interface IdleView extends IdleStateView {
  readonly group: string;
}
