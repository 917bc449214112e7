import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { echo, eventually, freePort, get, Origin, type Echo } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Load } from './load.ts';
import { Product } from './product.ts';

it('resizes when workers: is edited', async () => {
  const yml = (workers: number): string =>
    `workers: ${workers}\nroutes: [{ host: app.test, respond: { body: hello } }]\n`;
  await using product = await Product.start({ yml: yml(2), workers: 0 });
  await product.whenOnline(2);
  await product.configure(yml(3));
  await product.whenOnline(3);
  await product.configure(yml(1));
  await product.whenOnline(1);
  expect(await product.status('app.test')).toBe(200);
});

it('opens the new port before it closes the old one when listen: is edited', async () => {
  const [one, two] = [await freePort(), await freePort()];
  const yml = (http: string): string =>
    `listen: { http: ${http} }\nroutes: [{ host: app.test, respond: { body: hello } }]\n`;
  await using product = await Product.start({ yml: yml(String(one)), env: { DOCKER_PROXY_PORT: '' } });
  expect((await get({ port: one, name: 'app.test' })).status).toBe(200);
  await product.configure(yml(`[${one}, ${two}]`));
  await eventually(async () => (await get({ port: two, name: 'app.test' })).status === 200);
  using load = new Load({ port: one, name: 'app.test', clients: 2, style: 'keep-alive' });
  await eventually(() => load.answered > 10);
  expect((await load.end()).lost).toEqual([]);
  await product.configure(yml(String(two)));
  await eventually(
    async () =>
      await get({ port: one, name: 'app.test' }).then(
        () => false,
        () => true,
      ),
  );
  expect((await get({ port: two, name: 'app.test' })).status).toBe(200);
});

it('keeps the listener that it has when the new port is taken, and says so', async () => {
  await using other = await Origin.start();
  const port = await freePort();
  const yml = (http: number): string =>
    `listen: { http: ${http} }\nroutes: [{ host: app.test, respond: { body: hello } }]\n`;
  await using product = await Product.start({ yml: yml(port), workers: 1, env: { DOCKER_PROXY_PORT: '' } });
  await product.configure(yml(other.port));
  await eventually(async () => JSON.stringify(await product.rejected()).includes('another program holds it'));
  expect((await get({ port, name: 'app.test' })).status).toBe(200);
});

it('balances by weight, sets and removes headers, and keeps to the deadlines of a route', async () => {
  await using heavy = await Origin.start(echo('heavy'));
  await using light = await Origin.start(echo('light'));
  await using silent = await Origin.start(() => new Promise(() => undefined));
  await using product = await Product.start({
    workers: 1,
    yml: `
routes:
  - host: app.test
    to: [{ url: "http://127.0.0.1:${heavy.port}", weight: 3 }, { url: "http://127.0.0.1:${light.port}" }]
    headers:
      request: { set: { x-environment: test }, remove: x-secret }
      response: { set: { x-frame-options: DENY }, remove: content-type }
  - { host: slow.test, to: "http://127.0.0.1:${silent.port}", timeouts: { response: 300ms } }
`,
  });
  const answers = [];
  for (let request = 0; request < 16; request++) answers.push(await product.get('app.test', '/', 'X-Secret: s\r\n'));
  const echoes = answers.map((answer) => JSON.parse(answer.body.text) as Echo);
  expect(echoes.filter(({ origin }) => origin === 'heavy')).toHaveLength(12);
  const names = new Map(echoes[0]?.headers.map(([name, value]) => [name.toLowerCase(), value]));
  expect([names.get('x-environment'), names.has('x-secret')]).toEqual(['test', false]);
  const response = new Map(answers[0]?.headers.map(([name, value]) => [name.toLowerCase(), value]));
  expect([response.get('x-frame-options'), response.has('content-type')]).toEqual(['DENY', false]);
  expect(await product.status('slow.test')).toBe(504);
});

it('replaces pages from a folder, and follows it', async () => {
  await using product = await Product.prepare({ workers: 1, yml: 'pages: pages\nroutes: []\n' });
  await mkdir(join(product.folder, 'pages'));
  await writeFile(join(product.folder, 'pages', '404.html'), '<!doctype html><title>Ours</title>');
  product.run();
  await product.whenReady();
  const accept = 'Accept: text/html\r\n';
  expect((await product.get('nobody.test', '/', accept)).body.text).toContain('<title>Ours</title>');
  expect((await product.get('nobody.test', '/', 'Accept: application/json\r\n')).body.text).toMatch(/^\{/);
});
