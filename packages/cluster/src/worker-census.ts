import type { WorkerState, WorkerStatus } from '@dproxy/core';
import { LEFT_EXIT_CODE } from './drain-limits.ts';
import type { ConnectedWorker } from './ipc/worker-link.ts';
import type { ListedProcess } from './pm2-program.ts';

/**
 * What PM2's words mean for an entry:
 * - `running`: it has a process, or will have one in a moment without our doing
 * - `down`: it has none, and PM2 will not start one by itself
 *
 * PM2 7 shows a process that ended for good as `waiting restart` when the app has exp_backoff_restart_delay; only the
 * missing pid tells that nothing will come. (While a restart is really pending it shows the pid of the dead process.)
 */
export function isDown({ status, pid }: ListedProcess): boolean {
  return status === 'stopped' || status === 'errored' || (status === 'waiting restart' && pid === 0);
}

/** Workers of our own supervisor; the others are orphans of one that died. */
export function ownWorkers(workers: readonly ConnectedWorker[], supervisorPid: number): ConnectedWorker[] {
  return workers.filter((worker) => worker.supervisorPid === supervisorPid);
}

/** How many of them take load. */
export function countOnline(workers: readonly ConnectedWorker[]): number {
  return workers.filter(({ state }) => state === 'online').length;
}

/** Everything that has been heard from, and then what only PM2 knows: those that crash, stopped ones, those on their way. */
export function census(
  workers: readonly ConnectedWorker[],
  listed: readonly ListedProcess[],
  supervisorPid: number,
): WorkerStatus[] {
  const heard = new Set(ownWorkers(workers, supervisorPid).map(({ pmId }) => pmId));
  const silent = listed.filter(({ id }) => !heard.has(id));
  return [
    ...workers.map(({ pmId, pid, state, version }) => ({ id: Math.max(0, pmId), pid, state, snapshot: version })),
    ...silent.map((entry) => ({
      id: entry.id,
      pid: isDown(entry) ? 0 : entry.pid,
      state: stateOf(entry),
      snapshot: 0,
    })),
  ];
}

/** Of a worker that says nothing. */
function stateOf({ status, pid, exitCode }: ListedProcess): WorkerState {
  if (status === 'errored') return 'errored';
  if (status === 'stopping') return 'draining';
  if (status === 'stopped') return 'stopped';
  // It ended with an error and has not been heard of since: a crash loop, in whatever moment of it we look.
  if (exitCode !== 0 && exitCode !== LEFT_EXIT_CODE) return 'errored';
  return status === 'waiting restart' && pid === 0 ? 'stopped' : 'starting';
}
