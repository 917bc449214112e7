/** A container that we put to sleep. */
export interface SleepingContainer {
  readonly id: string;
  /** The start before that, as in `WakeMember`. */
  readonly startedMs: number;
}

/** A group that we put to sleep. */
export interface SleepRecord {
  readonly group: string;
  readonly method: 'stop' | 'pause';
  /** Epoch milliseconds. */
  readonly sinceMs: number;
  readonly containers: readonly SleepingContainer[];
}

/** What outlives the primary of groups that sleep. */
export interface SleepRecords {
  /** Resolves when it is on the disk. */
  add(record: SleepRecord): Promise<void>;
  remove(group: string): void;
  get(group: string): SleepRecord | undefined;
  /** The beginning of the last awake time for which a group was woken, in epoch milliseconds. */
  wokenForMs(group: string): number | undefined;
  setWokenFor(group: string, sinceMs: number): void;
  /** Groups of which anything is recorded. */
  groups(): readonly string[];
  /** There is no such group any more. */
  forget(group: string): void;
}
