import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, get, Origin, RawClient, upgradeEcho, within } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Load, type Counted } from './load.ts';
import { isAlive, Product } from './product.ts';

let product: Product;

beforeAll(async () => {
  product = await Product.start({ yml: 'drain: 3s\nroutes: [{ host: app.test, respond: { body: hello } }]\n' });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
});

it('says that it is well, with every worker and its table', async () => {
  const answer = await product.api('/healthz');
  expect(answer).toMatchObject({ status: 200, ok: true });
  const { data } = await product.api('/service/balancer');
  expect(data).toMatchObject({ state: 'running', size: 2, supervisor: 'ok' });
});

it('resizes for real, up and down, under keep-alive and close load, and loses nothing', async () => {
  const target = { port: product.httpPort, name: 'app.test' };
  using keepAlive = new Load({ ...target, clients: 4, style: 'keep-alive' });
  using close = new Load({ ...target, clients: 4, style: 'close' });
  const sizes = process.env['DPROXY_TEST_LONG'] === '1' ? [4, 1, 8, 2, 5, 1, 30, 2] : [4, 1, 2];
  for (const size of sizes) {
    const answer = await product.api(`/service/balancer/resize?size=${size}`);
    expect(answer).toMatchObject({ ok: true, data: { size } });
    // Thirty workers on two busy cores take most of a minute.
    await product.whenOnline(size);
  }
  report('resize', await keepAlive.end(), await close.end());
}, 300_000);

it('refuses a size that is none with 400', async () => {
  for (const size of ['0', '257', 'many', '-1', '1.5', ''])
    expect([size, (await product.api(`/service/balancer/resize?size=${size}`)).status]).toEqual([size, 400]);
  expect((await product.api('/service/balancer/resize')).status).toBe(400);
});

it('stops: nobody listens any more, and the primary says that nothing is served; starts: it serves', async () => {
  const pids = await product.whenOnline(2);
  expect(await product.api('/service/balancer/stop')).toMatchObject({ status: 200, data: { state: 'stopped' } });
  await expect(get({ port: product.httpPort, name: 'app.test' })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await eventually(() => !pids.some(isAlive));
  expect((await product.api('/healthz')).status).toBe(503);
  expect((await product.cli('status')).code).toBe(1);
  expect(await product.api('/service/balancer/start', { method: 'POST' })).toMatchObject({
    status: 200,
    data: { state: 'running', size: 2 },
  });
  expect(await product.status('app.test')).toBe(200);
});

it('keeps the size over a restart of the primary', async () => {
  await product.api('/service/balancer/resize?size=3');
  const workers = await product.whenOnline(3);
  const primary = await product.primaryPid();
  process.kill(primary, 'SIGKILL');
  await eventually(async () => (await product.primaryPid()) !== primary, { deadlineMs: 90_000 });
  expect(new Set(await product.whenOnline(3))).toEqual(new Set(workers));
});

it('ends with exit 0 in time when clients hold their connections', async () => {
  using load = new Load({ port: product.httpPort, name: 'app.test', clients: 4, style: 'keep-alive' });
  await within(
    eventually(() => load.answered > 50),
    'some answers',
  );
  expect(await product.exit('SIGTERM')).toBe(0);
});

function report(what: string, ...all: Counted[]): void {
  const total = (key: 'sent' | 'answered'): number => all.reduce((sum, counted) => sum + counted[key], 0);
  const lost = all.flatMap((counted) => counted.lost);
  console.log(`${what}: ${total('sent')} sent, ${total('answered')} answered, ${lost.length} lost`);
  expect(lost).toEqual([]);
  expect(total('answered')).toBe(total('sent'));
  for (const { statuses } of all) expect([...statuses.keys()]).toEqual([200]);
}

it('drains for as long as the file says by now, not at the start', async () => {
  await using origin = await Origin.start(upgradeEcho());
  const yml = (drain: string): string =>
    `drain: ${drain}\nroutes: [{ host: app.test, to: 'http://127.0.0.1:${origin.port}' }, { host: drain.test, respond: { body: ${drain} } }]\n`;
  await using patient = await Product.start({ yml: yml('10m'), workers: 1 });
  using client = await RawClient.connect({ port: patient.httpPort });
  await client.write('GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  expect((await client.readHead()).status).toBe(101);
  await patient.configure(yml('100ms'));
  await eventually(async () => (await patient.get('drain.test')).body.text === '100ms');
  const [before] = await patient.whenOnline(1);
  const headers = `Authorization: Bearer ${(await readFile(join(patient.state, 'api.token'), 'utf8')).trim()}`;
  expect((await patient.api('/service/balancer/replace', { method: 'POST', headers })).ok).toBe(true);
  await within(client.ended, 'the end of a tunnel at the deadline of the drain');
  expect(await patient.whenOnline(1)).not.toContain(before);
});
