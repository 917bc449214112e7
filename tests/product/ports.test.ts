import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect, it } from 'vitest';
import { Product } from './product.ts';

it('ends with exit 1 and names the port when a named one is taken', async () => {
  await using product = await Product.prepare();
  await using _http = await occupy(product.httpPort);
  await using _https = await occupy(product.httpsPort);
  product.run();
  expect(await product.exit()).toBe(1);
  // Both at once, and nothing was started.
  expect(product.output).toContain(`:${product.httpPort} cannot be had: another program holds it`);
  expect(product.output).toContain(`:${product.httpsPort} cannot be had: another program holds it`);
  expect(product.output).not.toContain('PM2');
  expect(await product.processes()).toEqual([]);
});

it('falls back to 8080 and 8443 when nobody named a port and another program holds 80 and 443', async () => {
  await using _http = await occupy(80);
  await using _https = await occupy(443);
  await using product = await Product.start({
    workers: 1,
    env: { DOCKER_PROXY_PORT: '', DOCKER_PROXY_SSL_PORT: '' },
  });
  expect(product.output).toMatch(/serves +http:\/\/localhost:8080 +https:\/\/localhost:8443\n/);
  expect(product.output).toMatch(/warning .*:80 cannot be had: another program holds it; 8080 is used instead/);
});

it('serves on 80 and 443 when nobody named a port and they are free', async () => {
  await using product = await Product.start({
    workers: 1,
    env: { DOCKER_PROXY_PORT: '', DOCKER_PROXY_SSL_PORT: '' },
  });
  expect(product.output).toMatch(/serves +http:\/\/localhost:80 +https:\/\/localhost:443\n/);
});

it('refuses a second instance with the same state folder, with exit 1, and leaves the first alone', async () => {
  await using product = await Product.start({ workers: 1 });
  const [pid] = await product.whenOnline();
  const second = await product.cli('start', '--port', '0', '--ssl-port', '0', '--api-port', '0');
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`dproxy runs already with the state folder ${product.state}`);
  expect(await product.whenOnline()).toEqual([pid]);
});

it('lets two instances with their own state and ports run side by side', async () => {
  await using first = await Product.start({ yml: 'routes: [{ host: app.test, respond: { body: first } }]\n' });
  await using second = await Product.start({ yml: 'routes: [{ host: app.test, respond: { body: second } }]\n' });
  expect((await first.get('app.test')).body.text).toBe('first');
  expect((await second.get('app.test')).body.text).toBe('second');
  expect(await second.exit('SIGTERM')).toBe(0);
  expect((await first.get('app.test')).body.text).toBe('first');
});

it('says all that is wrong with the variables at once, and exits 1', async () => {
  await using product = await Product.prepare({
    env: { DOCKER_PROXY_PORT: 'eighty', DOCKER_PROXY_WORKER_LIMIT: '0' },
  });
  product.run();
  expect(await product.exit()).toBe(1);
  expect(product.output).toContain('DOCKER_PROXY_PORT');
  expect(product.output).toContain('DOCKER_PROXY_WORKER_LIMIT');
});

async function occupy(port: number): Promise<AsyncDisposable> {
  const server: Server = createServer();
  server.listen(port, '::');
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
