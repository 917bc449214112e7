import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product } from './product.ts';

const COMPOSE = `
services:
  nginx-proxy:
    image: nginxproxy/nginx-proxy
    ports: ['80:80']
    environment: { DEFAULT_HOST: shop.test }
  web:
    image: nginx
    env_file: web.env
    environment: { VIRTUAL_HOST: 'shop.test,\${SECOND:-second.test}' }
    labels: { com.github.nginx-proxy.nginx-proxy.loadbalance: 'hash $$remote_addr;' }
`;

let product: Product;
let folder: string;

beforeAll(async () => {
  const yml = 'routes:\n  - { host: shop.test, respond: { status: 200, body: here } }\n';
  product = await Product.start({ yml, workers: 1 });
  folder = join(product.folder, 'shop');
  await mkdir(folder);
  await writeFile(join(folder, 'web.env'), 'VIRTUAL_PORT=3000\n');
  await writeFile(join(folder, 'compose.yml'), COMPOSE);
  await writeFile(
    join(folder, 'odd.yml'),
    'services: { php: { environment: [VIRTUAL_HOST=p.test, VIRTUAL_PROTO=fastcgi] } }',
  );
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
});

it('says what compose files mean, and what would change of what is served', async () => {
  const { code, stdout, stderr } = await product.cli('import', '--dry-run', 'shop/compose.yml');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('    is nginx-proxy: dproxy takes its place\n');
  expect(stdout).toContain('    in dproxy.yml: docker.dialects.nginxProxy.defaultHost: shop.test\n');
  expect(stdout).toContain('    shop.test/ -> shop-web-1, http, port 3000\n');
  expect(stdout).toMatch(/served already, by routes\[0\], with other /);
  expect(stdout).toMatch(/ {4}second\.test\/ -> .*\n {6}.*balanced by hash of the client\n {6}new\n/);
  expect(stdout).toContain('2 services: 1 served, 1 replaced by dproxy, 0 problems');
});

it('exits 1 when something is not understood, as validate does, and 2 without --dry-run', async () => {
  const odd = join(folder, 'odd.yml');
  const imported = await product.cli('import', '--dry-run', odd, '--json');
  expect([imported.code, imported.stderr]).toEqual([1, 'dproxy: 1 thing is not understood\n']);
  expect(JSON.parse(imported.stdout)).toMatchObject({
    dryRun: true,
    compared: true,
    files: [
      { file: odd, services: [{ service: 'php', problems: [{ message: expect.stringMatching(/^VIRTUAL_PROTO=/) }] }] },
    ],
  });
  const validated = await product.cli('validate', odd, product.configFile, '--json');
  expect(validated.code).toBe(1);
  expect(JSON.parse(validated.stdout)).toMatchObject([{ source: `${odd}: php`, line: 0 }]);
  expect((await product.cli('validate', join(folder, 'compose.yml'))).code).toBe(0);
  expect((await product.cli('import', odd)).code).toBe(2);
  expect((await product.cli('import', '--dry-run', product.configFile)).code).toBe(1);
});

it('without files the containers of the running dproxy are told', async () => {
  expect(await product.cli('import', '--dry-run')).toEqual({ code: 0, stdout: 'no containers\n', stderr: '' });
  expect(await product.cli('validate', '--containers')).toMatchObject({ code: 0 });
});
