import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type RawClientOptions, type RawResponse, tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Product, runProgram } from './product.ts';
import { ALICE, AUTHORITY_ONE, MALLORY } from '../security/client-identities.ts';

let folder: TempFolder;
let product: Product;

beforeAll(async () => {
  folder = await tempFolder('dp-');
  await issue('shop', 'shop.test,DNS:api.shop.test,DNS:secure.test');
  product = await Product.start({ workers: 2, env: { DOCKER_PROXY_SSL_PATH: folder.path }, yml: yml('') });
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await folder.remove();
});

function yml(more: string, route = ''): string {
  return `
listen: { https: { port: ${product?.httpsPort ?? 0}, public: 8443 } }
routes:
  - { host: shop.test, respond: { body: shop }${route} }
  - { host: api.shop.test, respond: { body: api } }
  - { host: [local.test, secure.test], respond: { body: hello } }
${more}`;
}

it('sends plain HTTP to HTTPS where there is a certificate from a file, at the port that clients see', async () => {
  await product.configure(yml(''));
  await whenPlain('shop.test', 308, 'https://shop.test:8443/x?y');
  expect((await product.get('local.test')).status).toBe(200);
  expect((await ask('shop.test')).status).toBe(200);
});

it('follows what the route and the file say about it', async () => {
  await product.configure(yml('', ', https: false'));
  await whenPlain('shop.test', 200, '');
  await whenPlain('api.shop.test', 308, 'https://api.shop.test:8443/x?y');
  await product.configure(yml('https: { redirect: 302 }\n', ', https: { hsts: "max-age=60" }'));
  await whenPlain('shop.test', 302, 'https://shop.test:8443/x?y');
  await eventually(async () => fieldOf(await ask('shop.test'), 'strict-transport-security') === 'max-age=60');
  expect(fieldOf(await ask('api.shop.test'), 'strict-transport-security')).toBe('');
  expect(fieldOf(await product.get('shop.test'), 'strict-transport-security')).toBe('');
});

it('asks for client certificates as soon as the file says so', async () => {
  const ca = join(folder.path, 'clients.pem');
  await writeFile(ca, AUTHORITY_ONE);
  await product.configure(yml(mtls(ca)));
  await whenRefused('secure.test');
  expect((await ask('secure.test', ALICE)).body.text).toBe('hello');
  await expect(ask('secure.test', MALLORY)).rejects.toThrow();
  expect((await ask('shop.test')).status).toBe(200);
  expect(fieldOf(await product.get('secure.test', '/x?y'), 'location')).toBe('https://secure.test:8443/x?y');
});

it('lets nobody in while the authorities cannot be read, and says so with file and line', async () => {
  const ca = join(folder.path, 'later.pem');
  const text = yml(mtls(ca, 'shop.test'));
  await product.configure(text);
  await whenRefused('shop.test', ALICE);
  const rejected = (await product.rejected()).find(({ message }) => message.includes(ca));
  expect(rejected).toMatchObject({ source: product.configFile, line: lineOf(text, 'shop.test, client') });
  expect((await product.get('shop.test')).status).toBe(308);
  expect((await ask('api.shop.test')).status).toBe(200);

  await writeFile(`${ca}.new`, AUTHORITY_ONE);
  await rename(`${ca}.new`, ca);
  await eventually(async () => (await ask('shop.test', ALICE).catch(() => undefined))?.status === 200);
  await whenRejected(ca, false);

  // From now on there is a last good one.
  await rm(ca);
  await whenRejected(ca, true);
  expect((await ask('shop.test', ALICE)).status).toBe(200);
  await expect(ask('shop.test')).rejects.toThrow();
});

it('closes a host whose demand is written wrongly, and nothing else', async () => {
  const text = yml('tls:\n  hosts:\n    - { host: api.shop.test, clientCertificates: { mode: requird, ca: x.pem } }\n');
  await product.configure(text);
  await whenRefused('api.shop.test', ALICE);
  expect((await ask('shop.test')).status).toBe(200);
  expect((await product.rejected()).map(({ line, message }) => [line, message])).toContainEqual([
    lineOf(text, 'requird'),
    'tls.hosts[0].clientCertificates.mode: found "requird"; nobody gets into its hosts until it is mended',
  ]);
});

function mtls(ca: string, host = 'secure.test'): string {
  return `tls:\n  hosts:\n    - { host: ${host}, clientCertificates: { mode: require, ca: ${ca} } }\n`;
}

async function ask(name: string, identity: RawClientOptions['tls'] = {}): Promise<RawResponse> {
  return await product.getTls(name, '/', { rejectUnauthorized: false, ...identity });
}

/** Every worker says the same: a few connections in a row. */
async function whenPlain(name: string, status: number, place: string): Promise<void> {
  const matches = async (): Promise<boolean> => {
    const answer = await product.get(name, '/x?y');
    return answer.status === status && fieldOf(answer, 'location') === place;
  };
  await eventually(async () => (await Promise.all([1, 2, 3, 4, 5, 6].map(matches))).every(Boolean), {
    what: `${status} ${place} from ${name}`,
  });
}

async function whenRefused(name: string, identity: RawClientOptions['tls'] = {}): Promise<void> {
  const isRefused = () =>
    ask(name, identity).then(
      ({ status }) => status === 421,
      () => true,
    );
  await eventually(async () => (await Promise.all([1, 2, 3, 4].map(isRefused))).every(Boolean), {
    what: `a refusal by ${name}`,
  });
}

async function whenRejected(path: string, wanted: boolean): Promise<void> {
  const isThere = async () => (await product.rejected()).some(({ message }) => message.includes(path));
  await eventually(async () => (await isThere()) === wanted, { what: `a rejection of ${path}: ${wanted}` });
}

function fieldOf({ headers }: RawResponse, name: string): string {
  return headers.find(([field]) => field.toLowerCase() === name)?.[1] ?? '';
}

function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

/** A self-signed certificate, which is its own root. */
async function issue(name: string, hosts: string): Promise<void> {
  const file = (ending: string): string => join(folder.path, `${name}.${ending}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${hosts}`, '-days', '30'];
  const made = await runProgram(['openssl', 'req', '-x509', ...key, ...subject, '-out', file('crt')], {});
  if (made.code !== 0) throw new Error(made.stderr);
}
