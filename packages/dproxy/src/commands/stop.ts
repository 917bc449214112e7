import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DRAIN_GRACE_MS } from '@dproxy/cluster';
import { PM2, privatePm2Home } from '../paths.ts';
import { findRunningInstance, type RunningInstance } from '../running-instance.ts';
import type { Context } from './context.ts';
import { failure } from './failure.ts';

/**
 * Ends the instance of this state folder and waits until it is gone. `onlyOrphans` leaves one alone whose PM2 lives.
 * Nothing that runs is no error: then it is as wanted.
 */
export async function stop(context: Context, { onlyOrphans }: { onlyOrphans: boolean }): Promise<void> {
  const { paths, worker } = context.loaded.settings;
  const running = await findRunningInstance(paths);
  if (running === undefined || (onlyOrphans && running.supervisorPid !== 0)) {
    context.answer('nothing to stop', { stopped: [] });
    return;
  }
  const isPrivate = running.pm2Home === privatePm2Home(paths);
  // PM2 itself too, where it is ours: the next start must not meet it on its way out.
  const pids = [running.primaryPid, ...running.workerPids, isPrivate ? running.supervisorPid : 0].filter(
    (pid) => pid !== 0,
  );
  await signal(running, isPrivate);
  // PM2 ends its apps one after another, each with its own drain.
  const deadline = Date.now() + pids.length * (worker.drainMs + DRAIN_GRACE_MS);
  while (pids.some(isAlive) && Date.now() < deadline) {
    // oxlint-disable-next-line no-await-in-loop -- polling with a deadline
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  const left = pids.filter(isAlive);
  if (left.length > 0) throw failure(`these processes did not end: ${left.join(', ')}`);
  context.answer('stopped', { stopped: pids });
}

async function signal(
  { supervisorPid, pm2Home, primaryPid, workerPids }: RunningInstance,
  isPrivate: boolean,
): Promise<void> {
  if (supervisorPid === 0) {
    for (const pid of [primaryPid, ...workerPids].filter(isAlive)) process.kill(pid, 'SIGTERM');
  } else if (isPrivate) {
    process.kill(supervisorPid, 'SIGTERM');
  } else {
    // The user's own PM2 has other apps, too.
    const env = { ...process.env, PM2_HOME: pm2Home, PM2_DISABLE_VERSION_CHECK: 'true' };
    await promisify(execFile)(process.execPath, [PM2, 'delete', 'dproxy-primary', 'dproxy-worker'], { env });
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
