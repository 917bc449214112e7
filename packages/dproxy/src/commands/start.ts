import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatProblem, VARIABLES, type ListenPlan } from '@dproxy/config';
import { decideListeners, PortError } from '../decide-listeners.ts';
import { ECOSYSTEM, PM2, PM2_RUNTIME, privatePm2Home, statePaths } from '../paths.ts';
import { findRunningInstance } from '../running-instance.ts';
import { readLeftWorkers } from '../worker-ledger.ts';
import { adminClient, type Context } from './context.ts';
import { failure } from './failure.ts';

const READY_MS = 60_000;

/**
 * Checks what would keep dproxy from starting, then becomes pm2-runtime (execve): one process, its signals, its exit code.
 * Resolves only with `isDetached`, when the workers serve.
 */
export async function start(context: Context, { isDetached }: { isDetached: boolean }): Promise<void> {
  await assertStartable(context);
  const env = environmentFor(context);
  // PM2 leaves its sockets open to the group: the folder keeps everybody else out.
  await mkdir(env['PM2_HOME'] ?? '', { recursive: true, mode: 0o700 });
  if (isDetached) return await startInBackground(context, env);
  process.execve?.(process.execPath, [process.execPath, PM2_RUNTIME, 'start', ECOSYSTEM], env);
  throw failure('this system cannot replace a process (execve); use --detach');
}

/** Everything that is wrong, at once. */
async function assertStartable(context: Context): Promise<void> {
  const { settings, problems } = context.loaded;
  const lines = problems.map(formatProblem);
  const running = await findRunningInstance(settings.paths);
  if (running !== undefined && running.primaryPid !== 0 && running.supervisorPid !== 0) {
    throw failure(
      `dproxy runs already with the state folder ${settings.paths.state} (pid ${running.primaryPid}). ` +
        'Stop it first (dproxy stop), or give this one its own DOCKER_PROXY_STATE_PATH and ports.',
    );
  }
  try {
    const left = await readLeftWorkers(statePaths(settings.paths.state).workers);
    await decideListeners([...settings.listeners, ...apiPlans(context, running !== undefined)], left.ports);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    lines.push(error.message);
  }
  if (lines.length > 0) throw failure(lines.join('\n'));
}

/** The admin API has no second choice of port. An orphaned primary gives its own back when the new one takes over. */
function apiPlans({ loaded }: Context, isTakeover: boolean): ListenPlan[] {
  if (isTakeover) return [];
  const { addresses } = loaded.settings.api;
  return [{ id: 'api', protocol: 'http', addresses, publicPort: 0, proxyProtocol: [], isNamed: true, fallbackPort: 0 }];
}

/** Flags and relative paths become variables that mean the same to every process, wherever it runs. */
function environmentFor({ loaded, flags, facts }: Context): Record<string, string> {
  const { paths, config, log } = loaded.settings;
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const given = flags[name as keyof typeof VARIABLES];
    if (given !== undefined) env[variable.names[0] ?? ''] = given;
  }
  env['DOCKER_PROXY_STATE_PATH'] = paths.state;
  if (config.isNamed) env['DOCKER_PROXY_CONFIG_PATH'] = config.path;
  if (log.folder !== '') env['DPROXY_LOG_FOLDER'] = log.folder;
  env['DPROXY_LOG_LEVEL'] = log.level;
  env['DOCKER_PROXY_PID_PATH'] = paths.pid;
  const certPath = env['DOCKER_CERT_PATH'] ?? '';
  if (certPath !== '') env['DOCKER_CERT_PATH'] = resolve(certPath);
  if (paths.ssl !== '') env['DOCKER_PROXY_SSL_PATH'] = paths.ssl;
  env['PM2_HOME'] = paths.pm2Home === '' ? privatePm2Home(paths) : paths.pm2Home;
  env['HOME'] ??= facts.homedir;
  // Nobody is called at home, and nothing but our own lines is printed.
  env['PM2_DISABLE_VERSION_CHECK'] = 'true';
  env['PM2_DISCRETE_MODE'] = 'true';
  return env;
}

async function startInBackground(context: Context, env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [PM2, 'start', ECOSYSTEM, '--silent'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw failure(`PM2 could not start dproxy (exit ${String(code)})`);
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    // oxlint-disable no-await-in-loop -- polling with a deadline
    if (await isHealthy(context)) {
      context.answer('dproxy serves', { ok: true });
      return;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    // oxlint-enable no-await-in-loop
  }
  throw failure(`no worker serves after ${READY_MS / 1_000} s; see the logs in ${env['PM2_HOME']}/logs`);
}

async function isHealthy(context: Context): Promise<boolean> {
  const client = await adminClient(context);
  return await client.health().then(
    ({ isHealthy: serves }) => serves,
    () => false,
  );
}
