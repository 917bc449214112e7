import { statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive, Product, ROOT, runProgram } from './product.ts';

const YML = `
accessLog: true
routes:
  - { host: app.test, respond: { body: hello } }
  - { host: bad.test, respnd: { body: oops } }
`;

let product: Product;

beforeAll(async () => {
  product = await Product.prepare({ yml: YML, workers: 1 });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
});

it('says with exit 1 that nothing runs, and stops nothing with exit 0', async () => {
  expect((await product.cli('status')).code).toBe(1);
  expect(await product.cli('stop')).toMatchObject({ code: 0, stdout: 'nothing to stop\n' });
});

it('validates a file without running, with line and column, exit 1', async () => {
  const result = await product.cli('validate');
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/dproxy\.yml:5:\d+: .*respnd.*expected.*respond/);
  const json = JSON.parse((await product.cli('validate', product.configFile, '--json')).stdout) as { line: number }[];
  expect(json.length).toBeGreaterThan(0);
  for (const rejection of json) expect(rejection).toMatchObject({ line: 5, source: product.configFile });
  const example = join(ROOT, 'config', 'dproxy.example.yml');
  expect(await product.cli('validate', example)).toMatchObject({ code: 0 });
  expect((await product.cli('validate', join(product.folder, 'absent.yml'))).code).toBe(1);
});

it('exits 2 on wrong usage', async () => {
  for (const args of [['strat'], ['start', '--prot', '80'], ['routes', 'too', 'many', 'words'], []]) {
    expect([args, (await product.cli(...args)).code]).toEqual([args, 2]);
  }
});

it('says its version and its help with exit 0', async () => {
  expect(await product.cli('version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  expect(JSON.parse((await product.cli('version', '--json')).stdout)).toEqual({ version: '0.1.0' });
  expect(await product.cli('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  expect((await product.cli('--help')).code).toBe(0);
});

it('starts in the background, says what it serves, and stops without leaving anything', async () => {
  const started = await product.cli('start', '--detach', '--json');
  expect([started.code, started.stderr]).toEqual([0, '']);
  expect(JSON.parse(started.stdout)).toMatchObject({ ok: true });
  expect((await product.get('app.test')).body.text).toBe('hello');

  const status = JSON.parse((await product.cli('status', '--json')).stdout) as { workers: { state: string }[] };
  expect(status).toMatchObject({ state: 'running', size: 1, supervisor: 'ok' });
  const routes = JSON.parse((await product.cli('routes', '--json')).stdout) as { host: string; state: string }[];
  expect(routes).toMatchObject([{ host: 'app.test', state: 'serving' }]);
  expect((await product.cli('routes')).stdout).toMatch(/^app\.test\/ {2}answers 200 {2}from /);
  expect(await product.cli('status', '--quiet')).toMatchObject({ code: 0, stdout: '' });

  const again = await product.cli('start', '--detach');
  expect([again.code, again.stderr]).toMatchObject([1, expect.stringContaining('runs already')]);

  const pids = await product.processes();
  const stopped = await product.cli('stop', '--json');
  expect(stopped.code).toBe(0);
  // Primary, worker, and the PM2 that is theirs alone.
  expect((JSON.parse(stopped.stdout) as { stopped: number[] }).stopped).toHaveLength(3);
  await eventually(() => !pids.some(isAlive), { what: 'the end of every process' });
  expect((await product.cli('status')).code).toBe(1);
});

it('keeps what only its owner may read in files that only its owner can', () => {
  expect(statSync(product.state).mode & 0o777).toBe(0o700);
  expect(statSync(join(product.state, 'api.token')).mode & 0o777).toBe(0o600);
});

it('lets flags beat the environment', async () => {
  await using flagged = await Product.prepare({ workers: 1 });
  const started = await flagged.cli('start', '--detach', '--workers', '2');
  expect(started).toMatchObject({ code: 0 });
  expect(await flagged.whenOnline(2)).toHaveLength(2);
  expect((await flagged.cli('stop')).code).toBe(0);
});

it('runs under the pm2 of its user, from any folder and with any node in the PATH, beside other apps', async () => {
  await using other = await Product.prepare({ workers: 1 });
  const env = { ...other.env, PATH: '/usr/local/bin:/usr/bin:/bin', PM2_HOME: join(other.folder, 'pm2') };
  const node = await systemNode();
  const pm2 = async (...args: string[]) =>
    await runProgram([node, join(ROOT, 'node_modules', 'pm2', 'bin', 'pm2'), ...args], { env, cwd: '/' });
  try {
    expect((await pm2('start', join(ROOT, 'ecosystem.config.js'))).code).toBe(0);
    await other.whenOnline(1);
    expect(await other.status('whoami.localhost')).toBe(200);
    expect((await pm2('start', '/bin/sleep', '--name', 'neighbour', '--', '1000')).code).toBe(0);
    const stopped = await runProgram([process.execPath, join(ROOT, 'packages/dproxy/src/cli.ts'), 'stop'], { env });
    expect(stopped).toMatchObject({ code: 0 });
    const list = JSON.parse((await pm2('jlist')).stdout) as { name: string }[];
    expect(list.map(({ name }) => name)).toEqual(['neighbour']);
  } finally {
    await pm2('kill');
  }
});

/** The one that a service would find, often older than ours. */
async function systemNode(): Promise<string> {
  const { code } = await runProgram(['/usr/bin/node', '--version'], {}).catch(() => ({ code: 1 }));
  return code === 0 ? '/usr/bin/node' : process.execPath;
}
