import type { WorkerStatus } from '@dproxy/core';

/**
 * Whether every worker that may serve is connected: one that lives and is silent has requests that nobody would tell of.
 *
 * @param census all that is known of workers
 * @param connected pids of those that can be asked
 */
export function areAllConnected(census: readonly WorkerStatus[], connected: ReadonlySet<number>): boolean {
  return census.length > 0 && census.every((worker) => connected.has(worker.pid) || !mayServe(worker));
}

function mayServe({ pid, state }: WorkerStatus): boolean {
  switch (state) {
    case 'starting':
    case 'online':
    case 'draining':
      return pid !== 0;
    case 'stopped':
    case 'errored':
      return false;
    default:
      return state satisfies never;
  }
}
