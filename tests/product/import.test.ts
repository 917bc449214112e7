import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileCertificateStore } from '@dproxy/certs';
import { collectLog, eventually } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeAcmeJson, writeNginxProxy } from '../../packages/certs/src/fixtures/neighbours.ts';
import { TestAuthority } from '../../packages/certs/src/fixtures/test-authority.ts';
import { LocalAuthority } from '../../packages/certs/src/local-authority.ts';
import { Product } from './product.ts';

let product: Product;
let authority: TestAuthority;

beforeAll(async () => {
  product = await Product.prepare({ yml: 'routes: []\n' });
  authority = await TestAuthority.create("Let's Trust", 'E7');
});
afterAll(async () => {
  await product[Symbol.asyncDispose]();
});

async function stored(): Promise<readonly string[]> {
  const directory = join(product.state, 'certificates');
  const store = await FileCertificateStore.open({ directory, log: collectLog(), now: Date.now, isReadOnly: true });
  return (await store.load()).map(({ names }) => names.join(' '));
}

it('says what it would take, takes it, and then has it already', async () => {
  const path = join(product.folder, 'acme.json');
  const expired = await authority.issue(['old.test'], { notAfterMs: Date.now() - 1_000 });
  await writeAcmeJson(path, [await authority.issue(['a.test', 'www.a.test']), expired]);

  const dry = await product.cli('import', 'certs', path, '--dry-run', '--json');
  expect([dry.code, dry.stderr]).toEqual([0, '']);
  expect(JSON.parse(dry.stdout)).toMatchObject({
    path,
    dryRun: true,
    layouts: ['traefik'],
    taken: 1,
    skipped: 1,
    failed: 0,
    certificates: [
      {
        names: ['a.test', 'www.a.test'],
        issuer: 'E7',
        state: 'taken',
        reason: '',
        source: 'letsencrypt, certificate 1',
      },
      { names: ['old.test'], state: 'skipped', reason: expect.stringMatching(/^expired at /) },
    ],
  });
  expect(await readdir(product.folder)).not.toContain('state');

  const taken = await product.cli('import', 'certs', 'acme.json');
  expect([taken.code, taken.stderr]).toEqual([0, '']);
  expect(taken.stdout).toMatch(
    /^taken {4}a\.test, www\.a\.test {2}from E7 {2}until \d{4}-\d\d-\d\d {2}\(letsencrypt, certificate 1\)$/m,
  );
  expect(taken.stdout).toMatch(/^traefik: 1 taken, 1 skipped, 0 failed$/m);
  expect(taken.stdout).not.toContain('PRIVATE');
  expect(await stored()).toEqual(['a.test www.a.test']);

  expect((await product.cli('import', 'certs', path)).stdout).toMatch(/^skipped {2}a\.test, .* already there/m);
});

it('exits 1 when something failed and takes the rest, 2 on wrong usage', async () => {
  const folder = join(product.folder, 'certs');
  await writeNginxProxy(folder, [await authority.issue(['b.test'])]);
  await mkdir(join(folder, 'c.test.crt'));
  await writeFile(join(folder, 'c.test.key'), '');
  const partly = await product.cli('import', 'certs', folder);
  expect(partly.code).toBe(1);
  expect(partly.stdout).toMatch(/^nginx-proxy: 1 taken, 0 skipped, 1 failed$/m);
  expect(partly.stderr).toBe('dproxy: 1 certificates could not be imported\n');
  expect(await stored()).toContain('b.test');

  const absent = await product.cli('import', 'certs', join(product.folder, 'absent'));
  expect([absent.code, absent.stderr]).toMatchObject([
    1,
    expect.stringMatching(/absent cannot be read: there is no such/),
  ]);
  for (const args of [
    ['import', 'certs'],
    ['import', 'routes', 'x'],
  ]) {
    expect([args, (await product.cli(...args)).code]).toEqual([args, 2]);
  }
});

it('writes nothing to the terminal that the terminal would obey', async () => {
  const folder = join(product.folder, 'hostile');
  const name = 'x\u001b[2J';
  await mkdir(folder);
  await writeFile(join(folder, `${name}.crt`), 'no certificate');
  await writeFile(join(folder, `${name}.key`), '');
  const { code, stdout } = await product.cli('import', 'certs', folder);
  expect(code).toBe(0);
  expect(stdout).toContain('x\\u001b[2J.crt');
  expect(stdout).not.toContain('\u001b');
});

it('dproxy trust says where the root is and how to install it, and that there is none yet', async () => {
  const none = await product.cli('trust');
  expect([none.code, none.stdout]).toEqual([1, '']);
  expect(none.stderr).toMatch(
    /^dproxy: there is no local CA yet: .*\/ca\/root\.crt does not exist\. It is made at the first start/,
  );

  const directory = join(product.state, 'ca');
  const { rootPem } = await LocalAuthority.open({ directory, log: collectLog(), now: Date.now });
  const root = new X509Certificate(rootPem);
  const file = join(directory, 'root.crt');
  const before = await readdir(product.state, { recursive: true });
  const text = await product.cli('trust');
  expect([text.code, text.stderr]).toEqual([0, '']);
  expect(text.stdout).toContain(`root of the local CA  ${file}\n`);
  expect(text.stdout).toContain(root.fingerprint256);
  for (const part of ['update-ca-certificates', 'update-ca-trust', 'trust anchor', 'security add-trusted-cert']) {
    expect(text.stdout).toContain(part);
  }
  const json = JSON.parse((await product.cli('trust', '--json')).stdout) as object;
  expect(json).toMatchObject({
    file,
    fingerprint256: root.fingerprint256,
    notAfter: root.validToDate.toISOString(),
    recipes: expect.arrayContaining([expect.objectContaining({ system: 'Node.js' })]) as unknown,
  });
  expect(await readdir(product.state, { recursive: true })).toEqual(before);
});

it('a dproxy that runs serves what is imported, without a restart', async () => {
  await using running = await Product.start({
    workers: 1,
    yml: 'routes: [{ host: live.test, respond: { body: hello } }]\n',
  });
  const pair = await authority.issue(['live.test']);
  await writeAcmeJson(join(running.folder, 'acme.json'), [pair]);
  expect((await running.cli('import', 'certs', 'acme.json')).code).toBe(0);
  await eventually(async () => (await running.getTls('live.test', '/', { ca: pair.issuerPem })).status === 200);
});
