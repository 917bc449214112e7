import { eventually } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { expect, it, onTestFinished } from 'vitest';
import { startOnEngine } from './on-engine.ts';
import type { Product } from './product.ts';
import { askEveryWorker } from './workers.ts';

const engine = sharedEngine();
let product: Product;

startOnEngine(engine, (started) => (product = started));

it('gives a container its name as a host, on every worker, over HTTP and HTTPS', async () => {
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'my_shop' });
  const startedMs = performance.now();
  await eventually(async () => (await product.status('my_shop.localhost')) === 200, { everyMs: 1 });
  console.log(`from docker run returning to the first 200: ${(performance.now() - startedMs).toFixed(0)} ms`);
  for (const name of ['my_shop.localhost', 'my-shop.localhost', 'my_shop.docker.localhost', 'my-shop.docker.localhost'])
    await product.whenStatus(name, 200);
  await product.version();
  for (const answer of await askEveryWorker(product, 'my-shop.localhost')) expect(answer.status).toBe(200);
  // The chain is verified against the local CA, the name against the certificate.
  const secure = await product.allOf(() => product.getTls('my-shop.localhost'));
  for (const { status, body } of secure) expect([status, body.text]).toEqual([200, 'busybox\n']);
  expect((await product.get('my-shop.localhost', '/', 'X-Forwarded-For: 192.0.2.1\r\n')).status).toBe(404);
});

it('serves a stopped container as offline, and a removed one not at all', async () => {
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'shop' });
  await product.whenStatus('shop.localhost', 200);
  await container.stop();
  await product.whenStatus('shop.localhost', 503);
  const offline = await product.get('shop.localhost', '/', 'Accept: text/html\r\n');
  expect(offline.headers.map(([name]) => name.toLowerCase())).toContain('retry-after');
  expect(offline.body.text).toMatch(/^<!doctype html>/i);
  await container.start();
  await product.whenStatus('shop.localhost', 200);
  await container.remove({ force: true });
  await product.whenStatus('shop.localhost', 404);
});

it('follows a container that is renamed, paused and resumed', async () => {
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'first' });
  await product.whenStatus('first.localhost', 200);
  await container.rename({ name: 'second' });
  await product.whenStatus('second.localhost', 200);
  await product.whenStatus('first.localhost', 404);
  const version = await product.version();
  await container.pause();
  // A frozen container still accepts connections, so nobody asks before every worker knows.
  await eventually(async () => (await product.backends()).every(({ state }) => state !== 'ready'));
  await eventually(async () => (await product.version()) > version);
  await product.whenStatus('second.localhost', 503);
  await container.unpause();
  await product.whenStatus('second.localhost', 200);
});

it('follows a container from one network to another', async () => {
  await engine.docker('network', 'create', 'other');
  onTestFinished(async () => void (await engine.docker('network', 'rm', 'other')));
  const container = await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'mover' });
  await product.whenStatus('mover.localhost', 200);
  const [before] = await product.backends();
  await engine.docker('network', 'connect', 'other', 'mover');
  await engine.docker('network', 'disconnect', 'bridge', 'mover');
  await eventually(async () => (await product.backends()).some(({ address }) => address !== before?.address));
  await product.whenStatus('mover.localhost', 200);
  await engine.docker('network', 'disconnect', 'other', 'mover');
  await eventually(async () => (await product.status('mover.localhost')) !== 200);
  await container.remove({ force: true });
});
