import { eventually, freePort, get } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it } from 'vitest';
import { startOnEngine } from './on-engine.ts';
import type { Product } from './product.ts';

const engine = sharedEngine();
let product: Product;

startOnEngine(engine, (started) => (product = started));

it('obeys labels: hosts, port, path, several services, and enable', async () => {
  await runContainer(engine, {
    name: 'labelled',
    env: { PORT: '80,9000' },
    labels: {
      'dproxy.web.host': 'web.test, www.test',
      'dproxy.web.port': '80',
      'dproxy.api.host': 'web.test',
      'dproxy.api.path': '/api',
      'dproxy.api.port': '9000',
    },
  });
  await runContainer(engine, { name: 'hidden', labels: { 'dproxy.enable': 'false' } });
  await product.whenStatus('web.test', 200);
  expect(await product.status('www.test')).toBe(200);
  expect(await hostSeen('web.test', '/page')).toBe('web.test');
  await product.whenStatus('web.test', 200, '/api/x');
  const hosts = (await product.routes()).map(({ host, path }) => `${host}${path}`);
  expect(hosts).toEqual(expect.arrayContaining(['web.test/', 'web.test/api', 'www.test/']));
  expect(hosts).not.toContain('www.test/api');
  expect(await product.status('hidden.localhost')).toBe(404);
});

it('quarantines a bad label alone, and says where it is', async () => {
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'bad', labels: { 'dproxy.port': 'eighty' } });
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'good' });
  await product.whenStatus('good.localhost', 200);
  const rejected = await product.rejected();
  expect(rejected).toMatchObject([{ message: expect.stringContaining('eighty') as string }]);
});

it('opens public ports that words of any dialect ask for, and closes them with the container', async () => {
  const [http, tcp] = [await freePort(), await freePort()];
  const status = async (port: number, name: string, path = '/'): Promise<number> =>
    await get({ port, name, path }).then(
      (answer) => answer.status,
      () => 0,
    );
  const container = await runContainer(engine, {
    name: 'asking',
    env: { PORT: `80,${http}`, RPROXY: `http://rp.test, http://rp.test:${http}/deep, ftp://bad.test` },
    labels: {
      'dproxy.site.host': 'site.test',
      'dproxy.site.port': '80',
      'dproxy.site.filters.1.headers.response.set.X-From': 'label',
      'dproxy.site.match.methods': 'GET',
      'dproxy.raw.tcp': `${tcp}`,
      'dproxy.raw.port': '80',
    },
  });
  await product.whenStatus('below.rp.test', 200);
  await eventually(async () => (await status(http, 'rp.test', '/deep/x')) === 200, { what: 'the port of RPROXY' });
  expect(await status(http, 'rp.test', '/deeper')).toBe(404);
  expect(await product.status('rp.test', '/deep/x')).toBe(200);
  expect((await product.get('site.test')).header('x-from')).toBe('label');
  await eventually(async () => (await status(tcp, 'any.test')) === 200, { what: 'the port of the label' });
  expect(await product.rejected()).toMatchObject([
    { source: 'docker:asking', message: expect.stringContaining('ftp') as string },
  ]);
  await container.remove({ force: true });
  await eventually(async () => (await status(tcp, 'any.test')) === 0, { what: 'the port to be closed' });
});

async function hostSeen(host: string, path: string): Promise<string> {
  const answer = await product.get(host, path);
  return (JSON.parse(answer.body.text) as { headers: { host: string } }).headers.host;
}
