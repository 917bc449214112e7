import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { DRAIN_GRACE_MS, LEFT_EXIT_CODE, MAX_SIGNAL_DRAIN_MS } from '@dproxy/cluster';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

interface App {
  readonly name: string;
  readonly interpreter: string;
  readonly exec_mode: string;
  readonly pmx: boolean;
  readonly instances: number;
  readonly kill_timeout: number;
  readonly stop_exit_codes?: readonly number[];
  readonly env: Readonly<Record<string, string>>;
  readonly out_file?: string;
}

/** Loads the file as PM2 does: with `require`, from anywhere, with whatever node its daemon runs on. */
async function load(node: string, env: Record<string, string> = {}, program = 'pm2'): Promise<App[]> {
  const script = `
    process.argv[1] = ${JSON.stringify(`/usr/bin/${program}`)};
    process.stdout.write(JSON.stringify(require(${JSON.stringify(join(ROOT, 'ecosystem.config.js'))}).apps));
  `;
  const { stdout } = await run(node, ['--no-warnings', '-e', script], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  return JSON.parse(stdout) as App[];
}

/** The file is an ES module, which `require` loads from Node 20.19 and 22.12 on. */
const script = 'process.exit(process.features.require_module ? 0 : 1)';
const nodes = [process.execPath, '/usr/bin/node', '/usr/local/bin/node'].filter(
  (path) => existsSync(path) && spawnSync(path, ['-e', script]).status === 0,
);

it.each(nodes)('names the pinned node by its absolute path, whatever %s is', async (node) => {
  const apps = await load(node);
  expect(apps.map(({ name }) => name)).toEqual(['dproxy-primary', 'dproxy-worker']);
  for (const { interpreter, exec_mode: mode, pmx } of apps) {
    expect(isAbsolute(interpreter)).toBe(true);
    expect((await run(interpreter, ['--version'])).stdout).toMatch(/^v26\./);
    expect([mode, pmx]).toEqual(['fork', false]);
  }
});

it('gives a worker longer than its longest drain, and does not start one again that was told to leave', async () => {
  const [, worker] = await load(process.execPath);
  expect(worker?.kill_timeout).toBeGreaterThan(MAX_SIGNAL_DRAIN_MS + DRAIN_GRACE_MS);
  expect(worker?.stop_exit_codes).toEqual([LEFT_EXIT_CODE]);
});

it('starts as many workers as it is told, and tells the primary', async () => {
  for (const [limit, count] of [
    ['3', 3],
    ['999', 256],
  ] as const) {
    const [primary, worker] = await load(process.execPath, { DOCKER_PROXY_WORKER_LIMIT: limit });
    expect(worker?.instances).toBe(count);
    expect(primary?.env).toMatchObject({ DPROXY_LAUNCHED_WORKERS: String(count) });
  }
  const [, worker] = await load(process.execPath, { DOCKER_PROXY_WORKER_LIMIT: 'many' });
  expect(worker?.instances).toBeGreaterThan(0);
});

it('passes no secret to workers', async () => {
  const [, worker] = await load(process.execPath, { DOCKER_PROXY_API_TOKEN: 't', DOCKER_PROXY_STATE_PATH: '/s' });
  expect(worker?.env).toMatchObject({ DOCKER_PROXY_STATE_PATH: '/s' });
  expect(worker?.env).not.toHaveProperty('DOCKER_PROXY_API_TOKEN');
});

it('writes no log files in the foreground', async () => {
  const [foreground] = await load(process.execPath, {}, 'pm2-runtime');
  const [background] = await load(process.execPath, {}, 'pm2');
  expect([foreground?.out_file, background?.out_file]).toEqual(['/dev/null', undefined]);
});
