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
  expect(await product.status('web.test', '/api/x')).toBe(200);
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

async function hostSeen(host: string, path: string): Promise<string> {
  const answer = await product.get(host, path);
  return (JSON.parse(answer.body.text) as { headers: { host: string } }).headers.host;
}
