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

/** Whether one of these containers is still as we put it: not started since, and not stopped by somebody while it was paused. */
export function isStillAsleep({ method, containers }: SleepRecord, members: readonly WakeMember[]): boolean {
  return containers.some((container) => isAsleepSince(container, method, members));
}

/** The same of one of them. */
export function isAsleepSince(
  { id, startedMs }: SleepingContainer,
  method: SleepRecord['method'],
  members: readonly WakeMember[],
): boolean {
  const asleep = method === 'pause' ? 'paused' : 'stopped';
  return members.some((each) => each.containerId === id && each.state === asleep && each.startedMs === startedMs);
}
