import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { eventually, RawClient, tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product, runProgram } from './product.ts';

let folder: TempFolder;
let product: Product;

beforeAll(async () => {
  folder = await tempFolder('dp-');
  await issue('shop.test', 'shop.test');
  await issue('wild', '*.wild.test');
  product = await Product.start({
    workers: 1,
    env: { DOCKER_PROXY_SSL_PATH: folder.path },
    yml: `
routes:
  - { host: [shop.test, "*.wild.test", local.test], respond: { body: hello } }
`,
  });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await folder.remove();
});

it('serves certificates from files by name, also wildcards, and the local CA for the rest', async () => {
  const shop = await product.getTls('shop.test', '/', { ca: await pem('shop.test') });
  expect([shop.status, shop.body.text]).toEqual([200, 'hello']);
  expect((await product.getTls('a.wild.test', '/', { ca: await pem('wild') })).status).toBe(200);
  expect((await product.getTls('local.test')).status).toBe(200);
  await expect(product.getTls('shop.test')).rejects.toThrow(/self.signed/);
});

it('refuses the handshake for a name that nobody has routed', async () => {
  await expect(product.getTls('unrouted.test')).rejects.toMatchObject({
    code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
  });
});

it('serves a certificate that is replaced, without a restart', async () => {
  const before = await served('shop.test');
  expect(before).toBe(new X509Certificate(await pem('shop.test')).fingerprint256);
  await issue('shop.test', 'shop.test');
  const after = new X509Certificate(await pem('shop.test')).fingerprint256;
  await eventually(async () => (await served('shop.test')) === after, { what: 'the new certificate' });
});

it('serves a certificate that appears in a folder of its own, as ACME clients write it', async () => {
  await mkdir(join(folder.path, 'local.test'));
  await issue('new', 'local.test');
  await rename(join(folder.path, 'new.key'), join(folder.path, 'local.test', 'privkey.pem'));
  await rename(join(folder.path, 'new.crt'), join(folder.path, 'local.test', 'fullchain.pem'));
  const wanted = await readFile(join(folder.path, 'local.test', 'fullchain.pem'));
  const { fingerprint256 } = new X509Certificate(wanted);
  await eventually(async () => (await served('local.test')) === fingerprint256, { what: 'the new certificate' });
});

/** Fingerprint of what a client is shown. */
async function served(servername: string): Promise<string> {
  using client = await RawClient.connect({ port: product.httpsPort, tls: { servername, rejectUnauthorized: false } });
  return (client.socket as TLSSocket).getPeerCertificate().fingerprint256;
}

async function pem(name: string): Promise<string> {
  return await readFile(join(folder.path, `${name}.crt`), 'utf8');
}

/** A self-signed certificate, which is its own root. */
async function issue(name: string, host: string): Promise<void> {
  const file = (ending: string): string => join(folder.path, `${name}.${ending}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${host}`, '-days', '30'];
  const made = await runProgram(['openssl', 'req', '-x509', ...key, ...subject, '-out', file('crt')], {});
  if (made.code !== 0) throw new Error(made.stderr);
}
