import { identify, isRunning, type ProcessIdentity } from '@dproxy/cluster';
import type { Paths } from '@dproxy/config';
import { statePaths } from './paths.ts';
import { readStateFile } from './state-file.ts';
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

/** For `<state>/run/primary.json`: what `dproxy stop` and the next start need to know. */
export async function describeInstance({
  supervisorPid,
  pm2Home,
}: {
  supervisorPid: number;
  pm2Home: string;
}): Promise<Recorded> {
  return { primary: await identify(process.pid), supervisor: await identify(supervisorPid), pm2Home };
}

/** What runs of the instance with this state folder; undefined when nothing does. */
export async function findRunningInstance({ state }: Pick<Paths, 'state'>): Promise<RunningInstance | undefined> {
  const files = statePaths(state);
  const { pids } = await readLeftWorkers(files.workers);
  const recorded = (await readStateFile(files.primary)) as Recorded | undefined;
  const primaryPid = recorded !== undefined && (await isRunning(recorded.primary)) ? recorded.primary.pid : 0;
  const supervisorPid = recorded !== undefined && (await isRunning(recorded.supervisor)) ? recorded.supervisor.pid : 0;
  if (primaryPid === 0 && pids.length === 0) return undefined;
  return { primaryPid, supervisorPid, pm2Home: recorded?.pm2Home ?? '', workerPids: pids };
}
