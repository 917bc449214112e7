// A worker, as PM2 starts it (ecosystem.config.js). It faces the internet: no Docker socket, no configuration file, no
// writes to disk. All that it knows comes over the primary's unix socket, or from the last table that the primary stored.
import {
  instanceOf,
  loadStoredSnapshot,
  readBootId,
  readySignal,
  surviveBrokenOutput,
  WorkerLifecycle,
} from '@dproxy/cluster';
import { gatherFacts, loadSettings } from '@dproxy/config';
import { ApplicationPath, createDataPlane, PluginLoader } from '@dproxy/proxy';
import { createLog } from './log.ts';
import { ROOT, statePaths } from './paths.ts';

const facts = { ...gatherFacts(process.cwd()), fileExists: () => false };
const { paths, workers } = loadSettings({ env: process.env, flags: {}, facts, nowMs: Date.now() }).settings;
const log = createLog(
  `worker ${process.env['pm_id'] ?? process.pid}`,
  workers.isSilent ? 'silent' : (process.env['DPROXY_LOG_LEVEL'] ?? 'info'),
);
surviveBrokenOutput([process.stdout, process.stderr], (error) => log.debug({ error }, 'nobody reads the output'));

const dataPlane = createDataPlane({
  log,
  reusePort: facts.canSharePorts,
  onAccessLog: (entry) => log.info(entry, 'request'),
  // The primary has made absolute paths of the plugins that dproxy.yml names; packages are those of this checkout.
  applicationPath: new ApplicationPath({ loader: new PluginLoader({ baseFolder: ROOT }), log }),
  onWantCertificate: (host) => lifecycle.wantCertificate(host),
  onSpent: (spent) => lifecycle.tellSpent(spent),
  onWake: (group, client) => lifecycle.wake(group, client),
});
const lifecycle = new WorkerLifecycle({
  dataPlane,
  log,
  socketPath: paths.ipcSocket,
  instance: instanceOf(paths.state),
  identity: {
    pid: process.pid,
    pmId: Number(process.env['pm_id'] ?? 0),
    supervisorPid: process.ppid,
    startedAtMs: Date.now(),
  },
  loadStored: async () =>
    await loadStoredSnapshot({ path: statePaths(paths.state).snapshot, bootId: await readBootId(), nowMs: Date.now }),
  sayReady: readySignal(process),
  exit: (code) => process.exit(code),
  onPlace: (index, count) => dataPlane.place(index, count),
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => lifecycle.leave(signal));
process.on('uncaughtException', (error) => lifecycle.crash(error));
process.on('unhandledRejection', (error) => lifecycle.crash(error));
lifecycle.start();
