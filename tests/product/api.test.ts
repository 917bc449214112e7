import { request } from 'node:http';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product } from './product.ts';

let product: Product;

beforeAll(async () => {
  product = await Product.start({ workers: 1, yml: 'routes: [{ host: app.test, respond: { body: hello } }]\n' });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
});

it('writes a token that only its owner can read, on the first start', async () => {
  const file = join(product.state, 'api.token');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const token = (await readFile(file, 'utf8')).trim();
  expect(token.length).toBeGreaterThanOrEqual(32);
  const headers = `Authorization: Bearer ${token}\r\nOrigin: http://evil.test`;
  expect((await product.api('/routes', { headers })).status).toBe(200);
  expect((await product.api('/routes', { headers: headers.replace(token, 'wrong') })).status).toBe(401);
});

it('takes calls of this machine without a token, and none that a web page can cause', async () => {
  for (const path of ['/', '/healthz', '/service/balancer', '/containers', '/backends', '/routes', '/rejected'])
    expect([path, (await product.api(path)).status]).toEqual([path, 200]);
  for (const header of ['Origin: http://evil.test', 'Referer: http://evil.test/', 'Sec-Fetch-Site: cross-site'])
    expect([header, (await product.api('/service/balancer/stop', { headers: header })).status]).toEqual([header, 401]);
  // DNS rebinding: a name of the attacker's that leads to 127.0.0.1.
  expect(await statusOf('/routes', 'evil.test')).toBe(401);
  expect(await product.whenOnline(1)).toHaveLength(1);
});

it('does not listen beyond loopback without a token of its own', async () => {
  await using open = await Product.prepare({ workers: 1, env: { DOCKER_PROXY_API_HOST: '0.0.0.0' } });
  open.run();
  expect(await open.exit()).toBe(1);
  expect(open.output).toContain('DOCKER_PROXY_API_TOKEN');
});

async function statusOf(path: string, host: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: product.apiPort, path, headers: { host }, agent: false });
    call.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end();
  });
}
