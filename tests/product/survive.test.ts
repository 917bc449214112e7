import { eventually } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it, onTestFinished } from 'vitest';
import { removeContainers } from './engine-clean-up.ts';
import { Load } from './load.ts';
import { isAlive, Product } from './product.ts';

const YML = 'accessLog: true\nroutes: [{ host: app.test, respond: { body: hello } }]\n';

it('serves on without a 404 when the primary is killed; a new one comes, and versions go on', async () => {
  const engine = sharedEngine();
  onTestFinished(() => removeContainers(engine));
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'shop' });
  await using product = await Product.start({ engine, yml: YML });
  await product.whenStatus('shop.localhost', 200);
  const workers = await product.whenOnline();
  const [version, primary] = [await product.version(), await product.primaryPid()];
  using load = new Load({ port: product.httpPort, name: 'shop.localhost', clients: 4, style: 'keep-alive' });
  await eventually(() => load.answered > 100);
  process.kill(primary, 'SIGKILL');
  await eventually(async () => (await product.primaryPid()) !== primary, { deadlineMs: 90_000 });
  expect(await product.whenOnline()).toEqual(workers);
  await product.configure('routes: [{ host: app.test, respond: { body: changed } }]\n');
  await eventually(async () => (await product.get('app.test')).body.text === 'changed');
  await eventually(async () => (await product.version()) > version);
  const { lost, statuses, answered } = await load.end();
  expect([lost, [...statuses.keys()]]).toEqual([[], [200]]);
  console.log(`kill -9 of the primary: ${answered} answers, none lost`);
});

it('goes on serving when a worker is killed, and starts another', async () => {
  await using product = await Product.start({ yml: YML });
  const [killed = 0, other = 0] = await product.whenOnline();
  process.kill(killed, 'SIGKILL');
  // What was in flight on it is gone with it; everybody who comes after is served by the other one.
  await eventually(() => !isAlive(killed));
  for (let request = 0; request < 20; request++) expect(await product.status('app.test')).toBe(200);
  const pids = await eventually(async () => {
    const online = await product.whenOnline(2);
    return online.includes(killed) ? undefined : online;
  });
  expect(pids).toContain(other);
});

it('serves on when PM2 is killed, says so, and the next start takes over without losing a request', async () => {
  await using product = await Product.start({ yml: YML });
  const [before, primary] = [await product.whenOnline(), await product.primaryPid()];
  using load = new Load({ port: product.httpPort, name: 'app.test', clients: 4, style: 'keep-alive' });
  process.kill(product.supervisorPid, 'SIGKILL');
  await eventually(async () => (await product.health()).supervisor === 'gone');
  // Each answer is a line in an access log whose reader is dead.
  const answered = load.answered;
  await eventually(() => load.answered > answered + 100);
  expect((await product.health()).warnings.join()).toContain('supervisor gone');
  expect((await product.api('/service/balancer/resize?size=3')).status).toBe(503);

  product.run();
  await eventually(async () => (await product.primaryPid()) !== primary, { deadlineMs: 90_000 });
  await eventually(() => !before.some(isAlive) && !isAlive(primary), {
    deadlineMs: 90_000,
    what: 'the end of the old',
  });
  const after = await product.whenOnline(2);
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  expect(await product.health()).toMatchObject({ supervisor: 'ok', size: 2 });
  const { lost, statuses, answered: all } = await load.end();
  expect([lost, [...statuses.keys()]]).toEqual([[], [200]]);
  console.log(`kill -9 of PM2 and takeover: ${all} answers, none lost`);
});

it('serves on when PM2 and the primary are both killed, and the next start finds the workers that are left', async () => {
  await using product = await Product.start({ yml: YML });
  const before = await product.whenOnline();
  const primary = await product.primaryPid();
  using load = new Load({ port: product.httpPort, name: 'app.test', clients: 4, style: 'close' });
  // First PM2, or it would start another primary.
  process.kill(product.supervisorPid, 'SIGKILL');
  await eventually(async () => (await product.health()).supervisor === 'gone');
  process.kill(primary, 'SIGKILL');
  await eventually(() => !isAlive(primary));
  const answered = load.answered;
  await eventually(() => load.answered > answered + 100);
  // The ports are held by its own workers: no reason not to start.
  product.run();
  await eventually(() => !before.some(isAlive), { deadlineMs: 90_000, what: 'the end of the old workers' });
  expect(await product.whenOnline(2)).toHaveLength(2);
  const { lost, statuses } = await load.end();
  expect([lost, [...statuses.keys()]]).toEqual([[], [200]]);
});

it('ends what a killed PM2 left behind with dproxy stop', async () => {
  await using product = await Product.start({ yml: YML, workers: 1 });
  process.kill(product.supervisorPid, 'SIGKILL');
  await eventually(async () => (await product.health()).supervisor === 'gone');
  expect(await product.cli('stop', '--orphans')).toMatchObject({ code: 0, stdout: 'stopped\n' });
  await eventually(async () => (await product.processes()).length === 0);
});

// Ten seconds for each worker, because that is how long it hopes for a primary: part of the long matrices.
if (process.env['DPROXY_TEST_LONG'] === '1') {
  it('serves the stored table from workers that start while the primary does not answer', async () => {
    await using product = await Product.start({ yml: YML });
    const before = await product.whenOnline(2);
    const primary = await product.primaryPid();
    process.kill(primary, 'SIGSTOP');
    try {
      for (const pid of before) process.kill(pid, 'SIGKILL');
      await eventually(async () => (await product.status('app.test')) === 200, { deadlineMs: 90_000 });
    } finally {
      process.kill(primary, 'SIGCONT');
    }
    const after = await product.whenOnline(2);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(await product.status('app.test')).toBe(200);
  });
}
