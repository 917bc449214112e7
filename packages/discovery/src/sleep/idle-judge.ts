import type { GroupActivity, WakeMember, WakePlan } from '@dproxy/core';

/**
 * - `asleep`: nothing of it runs
 * - `awake`: it is in use, or may be for all that is known
 * - `silent`: traffic says that it is idle; its CPU and its probe have not been asked
 */
export type IdleState = 'asleep' | 'awake' | 'silent';

export interface IdleVerdict {
  readonly state: IdleState;
  /** What keeps it awake, for people, and the same as long as that does; empty when `silent`. */
  readonly reason: string;
}

export const ASLEEP: IdleVerdict = { state: 'asleep', reason: 'nothing of it runs' };

/** What is known of a group at one moment. */
export interface IdleFacts {
  readonly plan: WakePlan;
  /** Of all workers together; undefined: not all of them have said. A group that no worker knows of has nothing open. */
  readonly activity: Pick<GroupActivity, 'open' | 'idleMs'> | undefined;
  readonly isAwakeTime: boolean;
  readonly isWaking: boolean;
  /** Why it could not be woken by whoever uses it; empty: every use of it wakes it. */
  readonly unwakeable: string;
  /** Of a clock that never goes back, in milliseconds. */
  readonly nowMs: number;
}

/** A start of a container, or the end of a pause, as we saw it. */
interface Run {
  readonly startedMs: number;
  readonly sinceMs: number;
}

/**
 * Whether one group may be put to sleep. Only the own clock counts: starts are taken from when they were seen, so that an engine
 * whose clock is wrong changes nothing, and after a restart of the primary, of whose past nobody knows, everything began just now.
 *
 * ```
 *            asleep <--- nothing runs --- any
 *   start --> awake <--- used again ----- silent --> (CPU, probe, then put to sleep)
 *               \------- idle for long ----^
 * ```
 */
export class IdleJudge {
  readonly #runs = new Map<string, Run>();
  #lastUseMs = Number.NEGATIVE_INFINITY;

  /** What the workers cannot see: it works, or says that it is in use. */
  noteUse(nowMs: number): void {
    this.#lastUseMs = Math.max(this.#lastUseMs, nowMs);
  }

  /** What its source says of its containers; every time that this changes. */
  follow(members: readonly WakeMember[], nowMs: number): void {
    const running = new Map(members.filter(isRunning).map(({ containerId, startedMs }) => [containerId, startedMs]));
    for (const id of this.#runs.keys()) if (!running.has(id)) this.#runs.delete(id);
    for (const [id, startedMs] of running) {
      if (this.#runs.get(id)?.startedMs !== startedMs) this.#runs.set(id, { startedMs, sinceMs: nowMs });
    }
  }

  judge(facts: IdleFacts): IdleVerdict {
    const { activity, nowMs } = facts;
    // Kept, because a worker that leaves takes what it knows with it.
    if (activity !== undefined) this.noteUse(activity.open > 0 ? nowMs : nowMs - activity.idleMs);
    if (this.#runs.size === 0) return ASLEEP;
    const reason = this.#reasonOf(facts);
    return { state: reason === '' ? 'silent' : 'awake', reason };
  }

  /** Milliseconds since it was last used or started, as far as we know. */
  idleMs(nowMs: number): number {
    const sinceMs = [...this.#runs.values()].map((run) => run.sinceMs);
    return nowMs - Math.max(this.#lastUseMs, ...sinceMs);
  }

  #reasonOf(facts: IdleFacts): string {
    const { plan, activity, nowMs } = facts;
    if (plan.idleMs === 0) return 'it never sleeps';
    if (facts.isWaking) return 'it is being woken';
    if (facts.isAwakeTime) return 'it is kept awake at this time';
    if (facts.unwakeable !== '') return facts.unwakeable;
    const moving = plan.members.find(isMoving);
    if (moving !== undefined) return `${moving.name} is ${moving.state === 'removing' ? 'being removed' : 'starting'}`;
    if (activity === undefined) return 'not all workers have said whether it is in use';
    if (activity.open > 0) return 'requests or connections are open';
    return this.idleMs(nowMs) < plan.idleMs ? 'it was used or started a moment ago' : '';
  }
}

export function isRunning({ state }: Pick<WakeMember, 'state'>): boolean {
  return state === 'running';
}

function isMoving({ state, health }: WakeMember): boolean {
  return state === 'removing' || (state === 'running' && health === 'starting');
}
