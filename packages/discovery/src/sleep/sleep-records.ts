import type { WakeMember } from '@dproxy/core';

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

/** What is known of groups that sleep, and outlives the primary. */
export interface SleepRecords {
  /** Resolves when it is on the disk, or could not be written, which is said elsewhere. */
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

/** Ids of the containers that are still as we put them: not started since, and not stopped by somebody while they were paused. */
export function stillAsleep({ method, containers }: SleepRecord, members: readonly WakeMember[]): ReadonlySet<string> {
  const asleep = containers.filter((container) => isAsleepSince(container, method, members));
  return new Set(asleep.map(({ id }) => id));
}

/** Whether one of them is. */
export function isAsleepSince(
  { id, startedMs }: SleepingContainer,
  method: SleepRecord['method'],
  members: readonly WakeMember[],
): boolean {
  const asleep = method === 'pause' ? 'paused' : 'stopped';
  return members.some((each) => each.containerId === id && each.state === asleep && each.startedMs === startedMs);
}
