import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectLog, tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  writeAcmeJson,
  writeAcmeSh,
  writeCaddy,
  writeCertbot,
  writeFiles,
  writeLego,
  writeNginxProxy,
} from '../fixtures/neighbours.ts';
import { TestAuthority, type TestPair } from '../fixtures/test-authority.ts';
import { FileCertificateStore } from '../store/file-certificate-store.ts';
import { importCertificates, type ImportReport } from './import-certificates.ts';
import { SourceTree } from './source-tree.ts';

const DAY_MS = 86_400_000;

let authority: TestAuthority;
let one: TestPair;
let two: TestPair;
let folder: TempFolder;
let store: FileCertificateStore;

beforeAll(async () => {
  authority = await TestAuthority.create();
  one = await authority.issue(['a.test', 'www.a.test']);
  two = await authority.issue(['*.b.test']);
});
beforeEach(async () => {
  folder = await tempFolder();
  store = await FileCertificateStore.open({ directory: join(folder.path, 'state'), log: collectLog(), now: Date.now });
});
afterEach(async () => {
  await folder.remove();
});

async function run(path: string, isDryRun = false): Promise<ImportReport> {
  return await importCertificates({ path, store, nowMs: Date.now(), isDryRun });
}

async function names(): Promise<readonly string[]> {
  return (await store.load()).map((certificate) => certificate.names.join(' '));
}

function outcome({ certificates }: ImportReport): readonly string[] {
  return certificates.map(({ names, state, reason }) => [names[0] ?? '?', state, reason].join(' ').trim());
}

describe('layouts', () => {
  const layouts: readonly [string, string, (path: string) => Promise<void>][] = [
    ['traefik', 'acme.json', (path) => writeAcmeJson(path, [one, two])],
    ['traefik', '', (path) => writeAcmeJson(join(path, 'acme.json'), [one, two])],
    ['nginx-proxy', '', (path) => writeNginxProxy(path, [one, two])],
    ['certbot', '', (path) => writeCertbot(path, [one, two])],
    ['caddy', '', (path) => writeCaddy(path, 'acme-v02.api.letsencrypt.org-directory', [one, two])],
    ['caddy', '', (path) => writeCaddy(join(path, 'caddy'), 'acme-v02.api.letsencrypt.org-directory', [one, two])],
    ['acme.sh', '', (path) => writeAcmeSh(path, [one, two])],
    ['lego', '', (path) => writeLego(path, [one, two])],
  ];

  it.each(layouts)('%s (%s) is recognised and taken, whole chains and keys that fit', async (layout, file, write) => {
    const source = join(folder.path, 'source');
    await mkdir(source);
    const path = join(source, file);
    await write(path);
    const before = (await readdir(source, { recursive: true })).toSorted();
    const report = await run(path);
    expect(report.layouts).toEqual([layout]);
    expect(outcome(report).toSorted()).toEqual(['*.b.test taken', 'a.test taken']);
    const stored = await store.load();
    expect(stored.map(({ authority: by }) => by)).toEqual(['imported', 'imported']);
    expect(stored.map(({ certificatePem }) => certificatePem.match(/BEGIN CERT/g))).toEqual([
      ['BEGIN CERT', 'BEGIN CERT'],
      ['BEGIN CERT', 'BEGIN CERT'],
    ]);
    expect(stored.map(({ keyPem }) => keyPem)).toEqual([two.keyPem, one.keyPem]);
    expect((await readdir(source, { recursive: true })).toSorted()).toEqual(before);
    expect(JSON.stringify(report)).not.toContain('PRIVATE');

    const again = await run(path);
    expect(outcome(again).toSorted()).toEqual(['*.b.test skipped already there', 'a.test skipped already there']);
  });

  it('of certbot are recognised from live and from one name, too', async () => {
    const source = join(folder.path, 'letsencrypt');
    await writeCertbot(source, [one, two]);
    expect(outcome(await run(join(source, 'live', '*.b.test')))).toEqual(['*.b.test taken']);
    expect(outcome(await run(join(source, 'live'), true)).toSorted()).toEqual([
      '*.b.test skipped already there',
      'a.test taken',
    ]);
  });

  it('of several neighbours in one folder are all taken', async () => {
    const source = join(folder.path, 'certs');
    await writeNginxProxy(source, [one]);
    await writeCertbot(source, [two]);
    const report = await run(source);
    expect(report.layouts).toEqual(['certbot', 'nginx-proxy']);
    expect(await names()).toEqual(['*.b.test', 'a.test www.a.test']);
  });

  it('of nginx-proxy may share one certificate by name, and complete it from its chain file', async () => {
    const source = join(folder.path, 'certs');
    await writeFiles(source, {
      'shared.crt': one.leafPem,
      'shared.key': one.keyPem,
      'shared.chain.pem': one.issuerPem,
      'ca.crt': one.issuerPem,
      'a.test.ca.crt': one.issuerPem,
      'dhparam.pem': 'text',
    });
    await symlink('shared.crt', join(source, 'a.test.crt'));
    await symlink('shared.key', join(source, 'a.test.key'));
    expect(outcome(await run(source))).toEqual(['a.test taken']);
    expect((await store.load())[0]?.certificatePem.match(/BEGIN CERT/g)).toHaveLength(2);
  });

  it('of Traefik v1 are read, and stores without certificates are no error', async () => {
    const path = join(folder.path, 'acme.json');
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const entry = {
      Domain: { Main: 'a.test', SANs: null },
      Certificate: base64(one.chainPem),
      Key: base64(one.keyPem),
    };
    await writeFile(path, JSON.stringify({ Account: {}, Certificates: [entry, {}, null] }));
    expect(outcome(await run(path))).toEqual([
      'a.test taken',
      '? skipped the entry has no certificate and key',
      '? skipped the entry has no certificate and key',
    ]);
    await writeFile(path, JSON.stringify({ resolver: { Account: null, Certificates: null } }));
    expect(outcome(await run(path))).toEqual([]);
  });
});

describe('what is not taken', () => {
  it('says why', async () => {
    const source = join(folder.path, 'certs');
    const staging = await TestAuthority.create("(STAGING) Let's Encrypt", '(STAGING) Puzzling Parsnip E7');
    const caddy = await TestAuthority.create('Caddy Local Authority', 'Caddy Local Authority - ECC Intermediate');
    const nowMs = Date.now();
    const pairs = {
      expired: await authority.issue(['expired.test'], { notAfterMs: nowMs - DAY_MS }),
      future: await authority.issue(['future.test'], { notBeforeMs: nowMs + DAY_MS }),
      mismatch: { ...(await authority.issue(['mismatch.test'])), keyPem: one.keyPem },
      own: await TestAuthority.selfSigned(['own.test']),
      staging: await staging.issue(['staging.test']),
      caddy: await caddy.issue(['caddy.test']),
      garbage: { ...one, chainPem: 'x', keyPem: 'y' },
      stranger: await authority.issue(['a.test, DNS:victim.test']),
    };
    for (const [name, pair] of Object.entries(pairs)) {
      await writeFiles(source, { [`${name}.crt`]: pair.chainPem, [`${name}.key`]: pair.keyPem });
    }
    expect(outcome(await run(source))).toEqual([
      'caddy.test skipped from a CA of one machine: the local CA of dproxy does that',
      expect.stringMatching(/^expired\.test skipped expired at /),
      expect.stringMatching(/^future\.test skipped not valid before /),
      '? skipped no certificate in the file',
      'mismatch.test skipped the key belongs to another certificate',
      'own.test skipped self-signed: the local CA of dproxy does that',
      'staging.test skipped from a staging CA: no client trusts it',
      expect.stringMatching(/skipped it names "a\.test, dns:victim\.test", which is no host$/),
    ]);
    expect(await names()).toEqual([]);
  });

  it('is what ends earlier than what is there, or than another one of the same import', async () => {
    const source = join(folder.path, 'certs');
    const short = await authority.issue(['a.test', 'www.a.test'], { notAfterMs: Date.now() + DAY_MS });
    await writeFiles(source, {
      'x.crt': short.chainPem,
      'x.key': short.keyPem,
      'y.crt': one.chainPem,
      'y.key': one.keyPem,
    });
    expect(outcome(await run(source))).toEqual([
      'a.test skipped another one for the same names ends later',
      'a.test taken',
    ]);
    await rm(join(source, 'y.crt'));
    expect(outcome(await run(source))).toEqual(['a.test skipped already there with a later expiry']);
    const long = await authority.issue(['www.a.test', 'a.test'], { notAfterMs: Date.now() + 80 * DAY_MS });
    await writeFiles(source, { 'y.crt': long.chainPem });
    await writeFiles(source, { 'y.key': long.keyPem });
    expect(outcome(await run(source))[1]).toBe('www.a.test taken');
    expect((await store.load()).map(({ keyPem }) => keyPem)).toEqual([long.keyPem]);
  });

  it('is everything in a dry run', async () => {
    const path = join(folder.path, 'acme.json');
    await writeAcmeJson(path, [one]);
    const before = await readdir(folder.path, { recursive: true });
    expect(outcome(await run(path, true))).toEqual(['a.test taken']);
    expect(await readdir(folder.path, { recursive: true })).toEqual(before);
  });
});

describe('hostile folders', () => {
  it('links that lead out of the folder are not followed', async () => {
    const [outside, source] = [join(folder.path, 'outside'), join(folder.path, 'source')];
    await writeFiles(outside, { 'a.crt': one.chainPem, 'a.key': one.keyPem, 'fullchain.pem': one.chainPem });
    await mkdir(source);
    await symlink(join(outside, 'a.crt'), join(source, 'a.crt'));
    await symlink('../outside/a.key', join(source, 'a.key'));
    await symlink(outside, join(source, 'folder'));
    await symlink('/dev/zero', join(source, 'z.crt'));
    await symlink('nowhere', join(source, 'z.key'));
    const report = await run(source);
    expect(report.certificates).toMatchObject([
      { state: 'skipped', reason: expect.stringMatching(/leads out of/) },
      { state: 'skipped', reason: expect.stringMatching(/leads out of/) },
    ]);
  });

  it('a live folder that is not beside an archive leads nowhere else', async () => {
    const source = join(folder.path, 'letsencrypt');
    await writeCertbot(source, [one]);
    await rename(join(source, 'archive'), join(source, 'old'));
    await rm(join(source, 'live', 'a.test', 'fullchain.pem'));
    await symlink('../../old/a.test/fullchain1.pem', join(source, 'live', 'a.test', 'fullchain.pem'));
    expect((await run(join(source, 'live'))).certificates).toMatchObject([{ state: 'skipped' }]);
  });

  it('a pipe, a huge file and what cannot be read are failures, not endless', async () => {
    const source = join(folder.path, 'source');
    await writeFiles(source, { 'a.crt': one.chainPem, 'b.key': one.keyPem, 'b.crt': '', 'c.key': one.keyPem });
    execFileSync('mkfifo', [join(source, 'a.key')]);
    await truncate(join(source, 'b.crt'), 300_000);
    await mkdir(join(source, 'c.crt'));
    expect((await run(source)).certificates).toMatchObject([
      { state: 'failed', reason: 'a.key: it is no file' },
      { state: 'failed', reason: '300000 bytes, more than 262144' },
      { state: 'failed', reason: 'it is no file' },
    ]);
  });

  it('acme.json of more than 50 MiB, broken JSON and other JSON are refused without a word of their content', async () => {
    const path = join(folder.path, 'acme.json');
    await writeFile(path, '{"secret": "MIIEsecret');
    await expect(run(path)).rejects.toThrow(/^\S*acme\.json is no JSON; expected acme\.json of Traefik/);
    await expect(run(path)).rejects.not.toThrow(/secret/);
    await truncate(path, 52_428_801);
    await expect(run(path)).rejects.toThrow('52428801 bytes, more than 52428800');
    for (const content of ['[]', 'null', '{}', '"x"', '{"a": {"b": 1}}']) {
      await writeFile(path, content);
      await expect(run(path)).rejects.toThrow(/^no certificates were recognised in /);
    }
  });

  it('an empty folder and a path that is not there are refused with what was expected', async () => {
    const source = join(folder.path, 'empty');
    await mkdir(source);
    await expect(run(source)).rejects.toThrow(
      /no certificates were recognised in .*; expected Traefik's acme\.json, or/,
    );
    await expect(run(join(source, 'absent'))).rejects.toThrow(/absent cannot be read: there is no such file or folder/);
    await expect(SourceTree.open('/dev/null')).rejects.toThrow('/dev/null is neither a file nor a folder');
  });

  it('more than ten thousand certificates are refused', async () => {
    const path = join(folder.path, 'acme.json');
    await writeFile(path, JSON.stringify({ x: { Certificates: Array.from({ length: 10_001 }, () => 0) } }));
    await expect(run(path)).rejects.toThrow('has 10001 certificates; expected 10000 at most');
  });
});

it('goes on after one certificate that cannot be stored', async () => {
  const path = join(folder.path, 'acme.json');
  await writeAcmeJson(path, [one, two]);
  const save = store.save.bind(store);
  store.save = async (certificate) => {
    if (certificate.names.includes('a.test')) throw new Error('the disk is full');
    return await save(certificate);
  };
  expect(outcome(await run(path))).toEqual(['a.test failed the disk is full', '*.b.test taken']);
});
