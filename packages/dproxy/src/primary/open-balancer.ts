import {
  identify,
  MAX_WORKERS,
  Pm2Balancer,
  Pm2Program,
  WantedSize,
  type SnapshotServer,
  type Supervisor,
} from '@dproxy/cluster';
import type { Settings } from '@dproxy/config';
import { PM2, statePaths } from '../paths.ts';
import type { PrimaryOptions } from './primary-options.ts';

interface BalancerParts {
  readonly server: SnapshotServer;
  readonly supervisor: Supervisor;
  /** Those of now: the file may change. */
  readonly settings: () => Settings;
}

export async function openBalancer(
  { pm2Home, launchedWorkers, env, log, facts }: PrimaryOptions,
  { server, supervisor, settings }: BalancerParts,
): Promise<Pm2Balancer> {
  const { pid, startTime } = await identify(supervisor.pid);
  const { paths, workers } = settings();
  return await Pm2Balancer.open({
    server,
    supervisor,
    pm2: new Pm2Program({ supervisor, nodePath: process.execPath, pm2Path: PM2, env: { ...env, PM2_HOME: pm2Home } }),
    wanted: new WantedSize(statePaths(paths.state).balancer, `${pid} ${startTime}`),
    log,
    configuredSize: workers.count,
    launchedSize: launchedWorkers,
    maxSize: facts.canSharePorts ? MAX_WORKERS : 1,
    drainMs: () => settings().worker.drainMs,
  });
}
