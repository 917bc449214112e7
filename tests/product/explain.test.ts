// Whatever explain says is held against the real answer to the same request.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Explanation } from '@dproxy/core';
import { eventually, type RawClientOptions, tempFolder, type TempFolder } from '@dproxy/testkit';
import { BUSYBOX_IMAGE, runContainer, sharedEngine } from '@dproxy/testkit/docker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALICE, AUTHORITY_ONE, type ClientIdentity } from '../security/client-identities.ts';
import { removeContainers } from './engine-clean-up.ts';
import { Product, runProgram } from './product.ts';

const engine = sharedEngine();
let folder: TempFolder;
let product: Product;

beforeAll(async () => {
  folder = await tempFolder('dp-');
  await issueCertificate();
  await writeFile(join(folder.path, 'clients.pem'), AUTHORITY_ONE);
  await writeFile(join(folder.path, 'plugin.mjs'), PLUGIN);
  product = await Product.start({ engine, yml: yml(), workers: 1, env: { DOCKER_PROXY_SSL_PATH: folder.path } });
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'local_name' });
  await runContainer(engine, { image: BUSYBOX_IMAGE, name: 'late', labels: { 'dproxy.host': 'app.test' } });
  await runContainer(engine, {
    image: BUSYBOX_IMAGE,
    name: 'sick',
    labels: { 'dproxy.host': 'sick.test' },
    health: 'false',
  });
  await runContainer(engine, { name: 'nobody', labels: { 'dproxy.port': 'eighty' } });
  await product.whenStatus('local-name.localhost', 200);
  await product.whenStatus('sick.test', 503);
  await eventually(async () => ((await ask('http://app.test/')).shadowed.length > 0 ? true : undefined));
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await removeContainers(engine);
  await folder.remove();
});

/** Passes what the backend answers on, marked. */
const PLUGIN = `export default async (app) => {
  app.addHook('onSend', async (request, reply) => { reply.header('x-plugin', 'was here'); });
};
`;

function yml(): string {
  return `
tls:
  hosts:
    - { host: secure.test, clientCertificates: { mode: require, ca: ${folder.path}/clients.pem } }
plugins: { mark: ${folder.path}/plugin.mjs }
routes:
  - { host: app.test, respond: { body: app } }
  - { host: app.test, path: /api, respond: { body: api } }
  - { host: app.test, path: /api/v1, respond: { body: v1 } }
  - { host: "*.app.test", respond: { body: wild } }
  - { host: bare.test, respond: { body: bare } }
  - { host: shop.test, respond: { body: shop } }
  - { host: secure.test, respond: { body: secure }, https: false }
  - { host: plugin.test, respond: { body: plugged }, plugins: [mark] }
  - { host: set.test, to: "http://127.0.0.1:9", headers: { request: { set: { authorization: "Basic c2VjcmV0" } } } }
`;
}

interface Expected {
  readonly url: string;
  readonly type: string;
  /** Id of the chosen route; empty: none. */
  readonly chosen: string;
  readonly status: number;
  /** Of the body that the chosen route answers with. */
  readonly body?: string;
  readonly identity?: ClientIdentity;
}

it.each<readonly [string, Expected]>([
  ['an exact host', { url: 'http://app.test/', type: 'respond', chosen: 'app.test/', status: 200, body: 'app' }],
  ['a wildcard', { url: 'http://x.y.app.test/', type: 'respond', chosen: '*.app.test/', status: 200, body: 'wild' }],
  [
    'a host without its www.',
    { url: 'http://www.bare.test/', type: 'respond', chosen: 'bare.test/', status: 200, body: 'bare' },
  ],
  [
    'the longer path prefix',
    { url: 'http://app.test/api/v1?x', type: 'respond', chosen: 'app.test/api/v1', status: 200, body: 'v1' },
  ],
  [
    'a prefix in whole segments',
    { url: 'http://app.test/api/v10', type: 'respond', chosen: 'app.test/api', status: 200, body: 'api' },
  ],
  [
    'a local name',
    {
      url: 'http://local-name.localhost/',
      type: 'backend',
      chosen: 'local:local-name.localhost/',
      status: 200,
      body: 'busybox\n',
    },
  ],
  ['an unknown host', { url: 'http://nobody.test/', type: 'error', chosen: '', status: 404 }],
  ['an unhealthy backend', { url: 'http://sick.test/', type: 'error', chosen: 'sick.test/', status: 503 }],
  ['a redirect to HTTPS', { url: 'http://shop.test/x?y', type: 'https-redirect', chosen: 'shop.test/', status: 308 }],
  [
    'a host with client certificates',
    {
      url: 'https://secure.test/',
      type: 'respond',
      chosen: 'secure.test/',
      status: 200,
      body: 'secure',
      identity: ALICE,
    },
  ],
  ['a path with two readings', { url: 'http://app.test//api/v1', type: 'error', chosen: '', status: 400 }],
  ['a path that is none', { url: 'http://app.test/%00', type: 'error', chosen: '', status: 400 }],
  ['a plugin', { url: 'http://plugin.test/', type: 'plugins', chosen: 'plugin.test/', status: 200, body: 'plugged' }],
])('%s: explained as it is answered', async (_, { url, type, chosen, status, body, identity }) => {
  const explanation = await ask(url, identity === undefined ? '' : '&clientCertificate=true');
  const real = await answerOf(url, identity);
  expect(real.status).toBe(status);
  if (body !== undefined) expect(real.body.text).toBe(body);
  const { answer, candidates } = explanation;
  const first = candidates.find(({ verdict }) => verdict === 'chosen')?.id ?? '';
  expect([answer.type, first, answer.ok]).toEqual([type, chosen, status < 400]);
  if (answer.status !== 0) expect(answer.status).toBe(real.status);
  const location = real.headers.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? '';
  expect(answer.location).toBe(location);
});

it('names what an older claim shadows, which does not answer', async () => {
  const { shadowed } = await ask('http://app.test/');
  expect(shadowed).toMatchObject([{ host: 'app.test', origin: { name: 'late' }, shadowedBy: { name: 'routes[0]' } }]);
  expect((await product.get('app.test')).body.text).toBe('app');
});

it('says which backend is passed over, and why', async () => {
  const { backends, answer } = await ask('http://sick.test/');
  expect(answer).toMatchObject({ code: 'no-backend-ready', status: 503 });
  expect(backends).toMatchObject([{ name: 'sick', state: 'unhealthy', mayBeChosen: false }]);
  expect(backends[0]?.reason).not.toBe('');
});

it('says of a local name that it does not answer others, nor what was forwarded', async () => {
  const url = 'http://local-name.localhost/';
  for (const more of ['&client=192.0.2.1', `&header=${encodeURIComponent('X-Forwarded-For: 192.0.2.1')}`]) {
    const { outcome, candidates, isLocal } = await ask(url, more);
    expect([outcome, isLocal]).toEqual(['route-unknown', false]);
    expect(candidates).toMatchObject([{ verdict: 'failed', reason: expect.stringContaining('local name') as string }]);
  }
  expect((await product.get('local-name.localhost', '/', 'X-Forwarded-For: 192.0.2.1\r\n')).status).toBe(404);
});

it('tells of an unknown host what is near, which containers have no route, and that HTTPS refuses it', async () => {
  const plain = await ask('http://shopp.test/');
  expect(plain.didYouMean[0]).toBe('shop.test');
  expect(plain.unrouted).toMatchObject([{ name: 'nobody', reason: expect.stringMatching(/./) as string }]);
  const secure = await ask('https://shopp.test/');
  expect(secure.answer).toMatchObject({ type: 'tls-refused', ok: false });
  expect(secure.tls.alert).toBe('unrecognized_name');
  await expect(answerOf('https://shopp.test/')).rejects.toThrow();
});

it('names the certificate that is shown, and why plain HTTP is sent to it or not', async () => {
  const shop = await ask('http://shop.test/');
  expect(shop.tls).toMatchObject({ certificateKind: 'file', names: ['shop.test'] });
  expect(shop.tls.notAfterMs).toBeGreaterThan(Date.now());
  expect(shop.tls.redirect).toContain('sent to HTTPS (308): a certificate of kind file');
  const app = await ask('https://app.test/');
  expect(app.tls).toMatchObject({ certificateKind: 'local', alert: '' });
  expect((await ask('http://app.test/')).tls.redirect).toMatch(/^not sent to HTTPS: no certificate/);
});

it('knows the policy of a host, on a connection of its own and on one of another', async () => {
  const without = await ask('https://secure.test/');
  expect(without.answer).toMatchObject({ type: 'tls-refused', ok: false });
  expect(without.answer.detail).toContain('secure.test requires a client certificate');
  expect(without.tls.policy).toMatchObject({ id: 'secure.test', clientCertificates: 'require' });
  await expect(answerOf('https://secure.test/')).rejects.toThrow();

  const other = await ask('https://app.test/', '&header=Host:%20secure.test');
  expect(other.answer).toMatchObject({ type: 'error', status: 421, code: 'misdirected' });
  expect(other.candidates).toMatchObject([{ id: 'secure.test/', verdict: 'not-reached' }]);
  const tls = { servername: 'app.test', rejectUnauthorized: false };
  expect((await product.getTls('secure.test', '/', tls)).status).toBe(421);
});

it('hides the credentials of header rules', async () => {
  const { filters } = await ask('http://set.test/');
  expect(filters).toContainEqual({
    filter: 'request-headers',
    detail: 'sets authorization',
    values: [['authorization', '***']],
  });
  expect(JSON.stringify(await ask('http://set.test/'))).not.toContain('c2VjcmV0');
});

it('explains on the command line: exit 0 when something answers, 1 when nothing does, 2 for wrong usage', async () => {
  const app = await product.cli('explain', 'http://app.test/api/v1/x');
  expect([app.code, app.stderr]).toEqual([0, '']);
  const lines = app.stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^http app\.test\/api\/v1\/x {2}on http {2}from 127\.0\.0\.1/);
  expect(lines[1]).toMatch(/^ {2}pass {7}app\.test\/api\/v1 {2}from routes\[2\]/);
  expect(lines.at(-1)).toBe('=> app.test/api/v1 answers 200 by itself');

  const unknown = await product.cli('explain', 'nobody.test');
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/^dproxy: answered with 404/)]);
  const header = ['--header', 'Host: www.bare.test', '--header', 'X-Test: 1'];
  const asked = await product.cli('explain', 'app.test', ...header, '--client', '192.0.2.1', '--json');
  expect(JSON.parse(asked.stdout)).toMatchObject({ host: 'www.bare.test', outcome: 'www', client: '192.0.2.1' });

  for (const args of [[], ['ftp://app.test/'], ['app.test', '--header', 'nonsense'], ['app.test', '--client', 'me']]) {
    expect([args, (await product.cli('explain', ...args)).code]).toEqual([args, 2]);
  }
});

it('answers what is no request with 400, and a port where nobody listens with an explanation', async () => {
  for (const query of ['url=', 'url=http://a@b/', 'url=app.test&client=me', 'url=app.test&header=X:%0d%0aY']) {
    const answer = await product.api(`/explain?${query}`);
    expect([query, answer.status, answer.ok]).toEqual([query, 400, false]);
  }
  // The last bytes of these two characters are a line break.
  const smuggled = await ask('http://app.test/', `&header=${encodeURIComponent('X: čĊX-Forwarded-For: 192.0.2.1')}`);
  expect(smuggled).toMatchObject({ host: 'app.test', isLocal: true });
  const nobody = await ask('http://app.test:9/');
  expect(nobody.answer).toMatchObject({ type: 'no-listener', ok: false });
});

async function ask(url: string, more = ''): Promise<Explanation> {
  const answer = await product.api(`/explain?url=${encodeURIComponent(url)}${more}`);
  expect([answer.status, answer.message]).toEqual([200, expect.any(String)]);
  return answer.data as Explanation;
}

/** As a client sends it: `URL` would put the path in order first. */
async function answerOf(url: string, identity: RawClientOptions['tls'] = {}) {
  const [, scheme, host = '', path] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) ?? [];
  if (scheme === 'http') return await product.get(host, path);
  return await product.getTls(host, path, { rejectUnauthorized: false, ...identity });
}

async function issueCertificate(): Promise<void> {
  const file = (ending: string): string => join(folder.path, `shop.${ending}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')];
  const subject = ['-subj', '/CN=shop', '-addext', 'subjectAltName=DNS:shop.test', '-days', '30'];
  const made = await runProgram(['openssl', 'req', '-x509', ...key, ...subject, '-out', file('crt')], {});
  if (made.code !== 0) throw new Error(made.stderr);
}
