import { eventually, Origin, RawClient, tempFolder } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { makeCheckout } from './checkout.ts';
import { Product } from './product.ts';

const SLOW_ORIGIN = 'routes:\n  - { host: app.test, to: http://127.0.0.1:$PORT }\n';

it('drains and exits 0 on SIGTERM', async () => {
  const release = Promise.withResolvers<void>();
  await using origin = await Origin.start(async (exchange) => {
    await exchange.body();
    await release.promise;
    await exchange.respond({ body: 'late' });
  });
  await using product = await Product.start({ yml: SLOW_ORIGIN.replace('$PORT', String(origin.port)) });
  using client = await RawClient.connect({ port: product.httpPort });
  await client.write('GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await eventually(() => origin.requests.length === 1);
  const exited = product.exit('SIGTERM');
  await eventually(async () => await refuses(product.httpPort), { what: 'closed listeners' });
  release.resolve();
  const answer = await client.readResponse();
  expect([answer.status, answer.body.text]).toEqual([200, 'late']);
  expect(await exited).toBe(0);
  expect(await product.processes()).toEqual([]);
});

it('drains and exits 0 on Ctrl-C, which reaches every process of the group', async () => {
  await using product = await Product.start();
  expect(await product.ctrlC()).toBe(0);
  expect(await product.processes()).toEqual([]);
});

it.each(['SIGINT', 'SIGTERM'] as const)('exits 0 through npm start on %s', async (signal) => {
  await using folder = await tempFolder('dp-');
  const cwd = await makeCheckout(folder.path);
  await using product = await Product.start({ command: ['npm', 'start'], cwd });
  expect(await product.status('whoami.localhost')).toBe(200);
  expect(product.output).not.toContain('npm ci');
  expect(signal === 'SIGINT' ? await product.ctrlC() : await product.exit('SIGTERM')).toBe(0);
  await eventually(async () => (await product.processes()).length === 0);
});

it('can be started again with the same state, as the same instance', async () => {
  await using product = await Product.start({ workers: 1 });
  const ca = await product.localCa();
  expect(await product.exit('SIGTERM')).toBe(0);
  product.run();
  await product.whenReady();
  expect(await product.localCa()).toBe(ca);
  expect((await product.getTls('whoami.localhost')).status).toBe(200);
});

async function refuses(port: number): Promise<boolean> {
  try {
    using client = await RawClient.connect({ port });
    return client.isEnded;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  }
}
