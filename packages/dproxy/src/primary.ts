// The primary, as PM2 starts it (ecosystem.config.js). `dproxy start` has turned flags into variables before.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { surviveBrokenOutput } from '@dproxy/cluster';
import { formatProblem, gatherFacts, loadSettings } from '@dproxy/config';
import { createLog } from './log.ts';
import { startPrimary } from './primary/start-primary.ts';

/** What its command line needs of our environment; each call of it is a process that loads hundreds of modules. */
const PM2_VARIABLES = ['PATH', 'HOME', 'NODE_COMPILE_CACHE'];

const facts = gatherFacts(process.cwd());
const loaded = loadSettings({ env: process.env, flags: {}, facts, nowMs: Date.now() });
const log = createLog('primary', loaded.settings.log.level);
surviveBrokenOutput([process.stdout, process.stderr], (error) => log.debug({ error }, 'nobody reads the output'));

process.on('uncaughtException', (error) =>
  fail(error, 'an error that nobody caught: the primary ends, workers serve on'),
);
process.on('unhandledRejection', (error) =>
  fail(error, 'a promise that nobody awaited: the primary ends, workers serve on'),
);

if (loaded.problems.length > 0) {
  for (const problem of loaded.problems) log.error({ ...problem }, formatProblem(problem));
  process.exit(1);
}

/** A signal that comes while we start is obeyed when we have started; a second one changes nothing. */
const started = Promise.withResolvers<AsyncDisposableStack>();
let isLeaving = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave(signal));

try {
  const opened = await startPrimary({
    loaded,
    facts,
    log,
    pm2Home: process.env['PM2_HOME'] ?? join(homedir(), '.pm2'),
    launchedWorkers: Number(process.env['DPROXY_LAUNCHED_WORKERS'] ?? loaded.settings.workers.count),
    environment: process.env,
    env: Object.fromEntries(PM2_VARIABLES.map((name) => [name, process.env[name] ?? ''])),
    print: (text) => process.stdout.write(text),
    handedOver: () => process.exit(0),
  });
  started.resolve(opened);
} catch (error) {
  fail(error, error instanceof Error ? error.message : 'the primary cannot start');
}

async function leave(signal: string): Promise<void> {
  if (isLeaving) return;
  isLeaving = true;
  log.info({ signal }, 'leaving');
  await (await started.promise).disposeAsync();
  process.exit(0);
}

function fail(error: unknown, message: string): void {
  log.error({ error }, message);
  process.exit(1);
}
