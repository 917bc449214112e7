import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from '@dproxy/cluster';
import type { Paths } from '@dproxy/config';
import { statePaths } from './paths.ts';
import { readLeftWorkers } from './worker-ledger.ts';

/** The supervisor as the primary knew it when it started. */
interface Recorded {
  readonly primary: ProcessIdentity;
  readonly supervisor: ProcessIdentity;
  readonly pm2Home: string;
}

export interface RunningInstance {
  /** 0: the primary does not run. */
  readonly primaryPid: number;
  /** 0: PM2 was killed, and what runs is left over. */
  readonly supervisorPid: number;
  readonly pm2Home: string;
  readonly workerPids: readonly number[];
}

/** `<state>/run/primary.json`, for `dproxy stop` and the next start. */
export async function recordInstance(
  path: string,
  { supervisorPid, pm2Home }: { supervisorPid: number; pm2Home: string },
): Promise<void> {
  const record: Recorded = {
    primary: await identify(process.pid),
    supervisor: await identify(supervisorPid),
    pm2Home,
  };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, JSON.stringify(record), { mode: 0o600 });
}

/** What runs of the instance with this state folder; undefined when nothing does. */
export async function findRunningInstance({ state }: Pick<Paths, 'state'>): Promise<RunningInstance | undefined> {
  const files = statePaths(state);
  const { pids } = await readLeftWorkers(files.workers);
  const recorded = await readRecord(files.primary);
  const primaryPid = recorded !== undefined && (await isRunning(recorded.primary)) ? recorded.primary.pid : 0;
  const supervisorPid = recorded !== undefined && (await isRunning(recorded.supervisor)) ? recorded.supervisor.pid : 0;
  if (primaryPid === 0 && pids.length === 0) return undefined;
  return { primaryPid, supervisorPid, pm2Home: recorded?.pm2Home ?? '', workerPids: pids };
}

async function readRecord(path: string): Promise<Recorded | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Recorded;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
