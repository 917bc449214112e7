import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Which process it is. A pid alone is not enough: it is given again after the process ended, and another container that
 * shares the state folder has the same small pids.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; differs for another process with the same pid. Empty when the system does not tell. */
  readonly startTime: string;
  readonly bootId: string;
}

const run = promisify(execFile);

/** Changes with each boot of the machine (`/proc/sys/kernel/random/boot_id`; macOS: the time of the boot). */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return readBootTime();
  }
}

async function readBootTime(): Promise<string> {
  try {
    return (await run('sysctl', ['-n', 'kern.boottime'])).stdout.trim();
  } catch {
    // Nothing tells boots apart here: an id of its own, so that nothing from before is ever taken for fresh.
    return `unknown-${randomUUID()}`;
  }
}

/** Undefined when no such process runs (a zombie does not run). */
export async function readStartTime(pid: number): Promise<string | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return readStartTimeWithPs(pid);
  }
  // proc(5): the second field is the name in brackets and may hold anything; state is the third, starttime the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

async function readStartTimeWithPs(pid: number): Promise<string | undefined> {
  if (!isAlive(pid)) return undefined;
  try {
    return (await run('ps', ['-o', 'lstart=', '-p', String(pid)])).stdout.trim();
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, startTime: (await readStartTime(pid)) ?? '', bootId: await readBootId() };
}

/** Whether exactly this process still runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  if (identity.bootId !== (await readBootId())) return false;
  return (await readStartTime(identity.pid)) === identity.startTime;
}
