import type { BackendStanding } from '../upstream/backend-ages.ts';

/** A container that appeared, or began to start, within this time is taken for the successor of one that was removed. */
const SUCCESSOR_MS = 60_000;

export interface HoldOverFacts {
  /** Of the backends that the route names now. */
  readonly present: readonly BackendStanding[];
  /** Of those that it named while somebody was there, and does not name any more. */
  readonly former: readonly BackendStanding[];
  /** `limits.holdOverReadyMs` */
  readonly readyMs: number;
  readonly nowMs: number;
}

/**
 * Whether somebody will soon be ready again: who was ready for long enough went away and exists still, or was removed and has a
 * successor. Not for what was put aside on purpose or is broken (paused, unhealthy, unreachable), and not in a restart loop, whose
 * backends are never ready for long.
 */
export function expectsSuccessor({ present, former, readyMs, nowMs }: HoldOverFacts): boolean {
  if (present.some((standing) => isComingBack(standing) && standing.readyForMs >= readyMs)) return true;
  return (
    former.some(({ readyForMs }) => readyForMs >= readyMs) && present.some((standing) => isSuccessor(standing, nowMs))
  );
}

function isComingBack({ state }: BackendStanding): boolean {
  return state === 'draining' || state === 'stopped' || state === 'starting';
}

function isSuccessor({ state, sinceMs, readyForMs }: BackendStanding, nowMs: number): boolean {
  const isNew = state === 'starting' || (state === 'stopped' && readyForMs === 0);
  return isNew && nowMs - sinceMs < SUCCESSOR_MS;
}
