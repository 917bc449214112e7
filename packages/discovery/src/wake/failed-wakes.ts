import type { WakePlan, WakeProgress } from '@dproxy/core';
import type { WakeReport } from './group-wake.ts';

const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 60_000;
/** Those that failed longest ago go first: it is known by then that a group is gone, or it is tried again. */
const MAX_KEPT = 1_024;

interface Failure {
  readonly progress: WakeProgress;
  /** In a row. */
  readonly count: number;
  readonly untilMs: number;
  /** Containers that are made anew may be better ones. */
  readonly containers: string;
  /** Routes that had nobody while others had: once there are others, it says nothing of these. Empty: none had anybody. */
  readonly unserved: string;
}

/** Groups that could not be woken: each is left alone for 5 s, then for twice as long, at most a minute. */
export class FailedWakes {
  readonly #failures = new Map<string, Failure>();
  readonly #nowMs: () => number;
  readonly #unserved: (group: string) => string;

  /** @param unserved as in `WakerOptions` */
  constructor(nowMs: () => number, unserved: (group: string) => readonly string[]) {
    this.#nowMs = nowMs;
    this.#unserved = (group) => unserved(group).join('\n');
  }

  /** What to tell who asks for it; undefined: it may be tried. */
  answer(plan: WakePlan): WakeProgress | undefined {
    const failure = this.#failures.get(plan.id);
    if (failure === undefined) return undefined;
    if (failure.containers !== containersOf(plan)) this.#failures.delete(plan.id);
    if (failure.unserved !== '' && failure.unserved !== this.#unserved(plan.id)) return undefined;
    const waitMs = failure.untilMs - this.#nowMs();
    const isOver = waitMs <= 0 || failure.containers !== containersOf(plan);
    return isOver ? undefined : { ...failure.progress, retryAfterS: Math.ceil(waitMs / 1_000) };
  }

  note(group: string, plan: WakePlan | undefined, report: WakeReport): WakeProgress {
    const count = (this.#failures.get(group)?.count ?? 0) + 1;
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, count - 1));
    const progress: WakeProgress = { group, state: 'failed', ...report, retryAfterS: waitMs / 1_000 };
    this.#failures.delete(group);
    const unserved = this.#unserved(group);
    const containers = plan === undefined ? '' : containersOf(plan);
    this.#failures.set(group, { progress, count, untilMs: this.#nowMs() + waitMs, containers, unserved });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_KEPT && oldest !== undefined) this.#failures.delete(oldest);
    return progress;
  }

  forget(group: string): void {
    this.#failures.delete(group);
  }

  /** As in `WakeGroupView`. */
  view(plan: WakePlan): { readonly failure: string; readonly retryAfterS: number } {
    const failure = this.#failures.get(plan.id)?.progress.message ?? '';
    return { failure, retryAfterS: this.answer(plan)?.retryAfterS ?? 0 };
  }
}

function containersOf({ members }: WakePlan): string {
  return members
    .map(({ containerId }) => containerId)
    .toSorted()
    .join();
}
