/**
 * What PM2 runs: one primary and N workers. Works with `pm2 start`, and in the foreground with `pm2-runtime start`.
 * docs/adr/0001-fork-mode-and-reuseport.md says why it is fork mode and what each unusual line is for.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const { argv, env, platform, arch, execPath, versions } = process;

// The daemon asks version.pm2.io every day otherwise. Under pm2-runtime this process is the daemon.
env['PM2_DISABLE_VERSION_CHECK'] ??= 'true';

/** In the foreground the log goes to stdout alone: PM2's own files would grow without anybody to rotate them. */
const isForeground = /pm2-(runtime|docker)$/.test(argv[1] ?? '');

/** A worker that was told to leave ends with it (LEFT_EXIT_CODE of @dproxy/cluster) and is not started again. */
const LEFT_EXIT_CODE = 79;

/** Longer than a drain after a signal may take (MAX_SIGNAL_DRAIN_MS): PM2 kills then. */
const DRAIN_KILL_MS = 70_000;

/** The absolute path of the pinned node: by PATH a service would start the system's, which may be past its end of life. */
function pinnedNode() {
  const folders = [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`];
  for (const folder of folders) {
    const path = join(root, 'node_modules', folder, 'bin', 'node');
    if (existsSync(path)) return path;
  }
  if (Number.parseInt(versions.node, 10) >= 26) return execPath;
  throw new Error(`dproxy needs Node 26: run npm ci in ${root}, or start PM2 with Node 26 (this is ${versions.node})`);
}

function workerCount() {
  const count = Number(env['DOCKER_PROXY_WORKER_LIMIT']);
  if (!Number.isInteger(count) || count < 1) return availableParallelism();
  return Math.min(count, 256);
}

/** macOS has no SO_REUSEPORT that balances: several listeners of one port are possible there, but one gets everything. */
const workers = platform === 'linux' ? workerCount() : 1;

/** All that a worker may know of the environment: it faces the internet, so no tokens, no DNS provider's keys. */
const WORKER_VARIABLES = [
  'DOCKER_PROXY_STATE_PATH',
  'DOCKER_PROXY_WORKER_SILENT',
  'DPROXY_LOG_LEVEL',
  'HOME',
  'LANG',
  'PATH',
  'TZ',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
];

/** @param {string[]} names */
function pick(names) {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

const shared = {
  cwd: root,
  interpreter: pinnedNode(),
  // Under cluster mode all workers die with PM2; under fork mode and without pmx they go on serving.
  exec_mode: 'fork',
  pmx: false,
  vizion: false,
  autorestart: true,
  // 100 ms, then half as much again each time, up to 15 s: a crash loop costs nothing and ends by itself.
  exp_backoff_restart_delay: 100,
  merge_logs: true,
};

/**
 * PM2 writes the files, since workers write nothing themselves: into `log.folder` of dproxy.yml (`dproxy start` says it), else in
 * the foreground nowhere beside stdout, else where PM2 keeps logs.
 * @param {string} name
 */
function logFiles(name) {
  const folder = env['DPROXY_LOG_FOLDER'];
  if (folder) return { out_file: join(folder, `${name}.log`), error_file: join(folder, `${name}.log`) };
  return isForeground ? { out_file: '/dev/null', error_file: '/dev/null' } : {};
}

export const apps = [
  {
    ...shared,
    ...logFiles('primary'),
    name: 'dproxy-primary',
    script: join(root, 'packages/dproxy/src/primary.ts'),
    instances: 1,
    kill_timeout: 15_000,
    env: { DPROXY_LAUNCHED_WORKERS: String(workers) },
  },
  {
    ...shared,
    ...logFiles('worker'),
    name: 'dproxy-worker',
    script: join(root, 'packages/dproxy/src/worker.ts'),
    instances: workers,
    wait_ready: true,
    // A worker without a primary waits ten seconds for it before it takes the stored table.
    listen_timeout: 20_000,
    kill_timeout: DRAIN_KILL_MS,
    stop_exit_codes: [LEFT_EXIT_CODE],
    // PM2 drops every variable whose name contains the text: all of them. Those of `env` stay.
    filter_env: [''],
    env: pick(WORKER_VARIABLES),
  },
];
