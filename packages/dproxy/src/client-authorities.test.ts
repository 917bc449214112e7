import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsHostSettings } from '@dproxy/config';
import { tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClientAuthorities } from './client-authorities.ts';

let folder: TempFolder;
let caFile: string;
let pem: string;

beforeEach(async () => {
  folder = await tempFolder('ca-');
  caFile = join(folder.path, 'ca.pem');
  pem = await makeAuthority(folder.path);
  await writeFile(caFile, pem);
});
afterEach(() => folder.remove());

async function makeAuthority(path: string): Promise<string> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(path, 'ca.key')];
  return execFileSync('openssl', ['req', '-x509', ...key, '-subj', '/CN=clients', '-days', '30'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function hostOf(more: Partial<TlsHostSettings> = {}): TlsHostSettings {
  return { host: 'a.test', profile: 'intermediate', clientCertificates: 'require', caFile, line: 7, ...more };
}

it('reads the certificates of a file, and nothing else that stands there', async () => {
  await writeFile(caFile, `a comment\n${pem}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${pem}`);
  const { policies, rejected } = await new ClientAuthorities().read([hostOf()], '/etc/dproxy.yml');
  expect(rejected).toEqual([]);
  expect(policies).toEqual([
    { id: 'a.test', profile: 'intermediate', clientCertificates: 'require', clientCaPem: `${pem}${pem}` },
  ]);
});

it('needs no file where no certificates are asked for', async () => {
  const host = hostOf({ clientCertificates: 'none', caFile: '', profile: 'modern' });
  const { policies, rejected } = await new ClientAuthorities().read([host], '');
  expect([policies, rejected]).toEqual([
    [{ id: 'a.test', profile: 'modern', clientCertificates: 'none', clientCaPem: '' }],
    [],
  ]);
});

it.each([
  ['missing', () => rm(caFile)],
  ['a folder', () => rm(caFile).then(() => mkdir(caFile))],
  ['empty', () => writeFile(caFile, '')],
  ['a key', () => writeFile(caFile, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')],
  ['cut short', () => writeFile(caFile, pem.slice(0, 200))],
  [
    'good, but with a bad one behind',
    () => writeFile(caFile, `${pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`),
  ],
  ['too large', () => writeFile(caFile, pem + ' '.repeat(300_000))],
])('lets nobody in while the file is %s, and says so', async (_name, spoil) => {
  await spoil();
  const { policies, rejected } = await new ClientAuthorities().read([hostOf()], '/etc/dproxy.yml');
  expect(policies).toMatchObject([{ id: 'a.test', clientCertificates: 'require', clientCaPem: '' }]);
  expect(rejected).toMatchObject([{ source: '/etc/dproxy.yml', line: 7 }]);
  expect(rejected[0]?.message).toContain(`the client authorities of a.test in ${caFile} cannot be used`);
  expect(rejected[0]?.message).toContain('by require nobody gets in');
});

it('asks for no certificates by `optional` while there is nobody who could vouch for them', async () => {
  await rm(caFile);
  const { policies } = await new ClientAuthorities().read([hostOf({ clientCertificates: 'optional' })], '');
  expect(policies).toMatchObject([{ clientCertificates: 'none', clientCaPem: '' }]);
});

it('keeps the last good ones of a host', async () => {
  const authorities = new ClientAuthorities();
  await authorities.read([hostOf()], '');
  await rm(caFile);
  for (let count = 0; count < 2; count++) {
    // oxlint-disable-next-line no-await-in-loop -- the second reading must remember, too
    const { policies, rejected } = await authorities.read([hostOf(), hostOf({ host: 'b.test' })], '');
    expect(policies.map(({ clientCaPem }) => clientCaPem)).toEqual([pem, '']);
    expect(rejected.map(({ message }) => message.includes('the last good ones stay in force'))).toEqual([true, false]);
  }
});
