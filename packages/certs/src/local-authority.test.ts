import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { silentLog } from '@dproxy/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalAuthority } from './local-authority.ts';
import { coverHosts } from './local-certificates.ts';

const DAY_MS = 86_400_000;
let directory: string;
let nowMs: number;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'certs-')), 'ca');
  nowMs = Date.now();
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const open = (): Promise<LocalAuthority> => LocalAuthority.open({ directory, log: silentLog, now: () => nowMs });

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test('a client that trusts the root completes a handshake for each name of a leaf, and for no other', async () => {
  const authority = await open();
  const { material } = await authority.issue(['app.localhost', '127.0.0.1']);
  const server = createServer({ cert: material.certificatePem, key: material.keyPem }, (socket) => socket.end('hello'));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const reach = async (servername: string): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.rootPem, servername });
    try {
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      return bytes.toString();
    } finally {
      socket.destroy();
    }
  };
  expect(await reach('app.localhost')).toBe('hello');
  expect(await reach('')).toBe('hello');
  await expect(reach('other.localhost')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  server.close();
});

test('the root and the leafs survive a restart, and nobody else can read them', async () => {
  const first = await open();
  const leaf = await first.issue(['app.localhost']);
  const second = await open();
  expect(second.rootPem).toBe(first.rootPem);
  expect((await second.issue(['app.localhost'])).ref).toEqual(leaf.ref);
  expect(await modeOf(directory)).toBe(0o700);
  const files = await readdir(directory, { recursive: true });
  expect(files.toSorted().filter((name) => name.startsWith('root'))).toEqual(['root.crt', 'root.key']);
  for (const name of files) {
    const mode = await modeOf(join(directory, name));
    expect(mode & 0o077, name).toBe(0);
  }
});

test('the root signs leafs only and lives ten years; a leaf lives 397 days at most', async () => {
  const authority = await open();
  const root = new X509Certificate(authority.rootPem);
  const leaf = new X509Certificate((await authority.issue(['a.test'])).material.certificatePem);
  const days = (c: X509Certificate): number => (c.validToDate.getTime() - c.validFromDate.getTime()) / DAY_MS;
  expect(root.ca).toBe(true);
  expect(days(root)).toBe(3_651);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(days(leaf)).toBe(397);
});

test('two callers at once get the same leaf, and it is replaced when a third of its life is left', async () => {
  const authority = await open();
  const [a, b] = await Promise.all([authority.issue(['a.test']), authority.issue(['a.test'])]);
  expect(a).toBe(b);
  nowMs += 260 * DAY_MS;
  expect((await authority.issue(['a.test'])).ref.id).toBe(a.ref.id);
  nowMs += 10 * DAY_MS;
  expect((await authority.issue(['a.test'])).ref.id).not.toBe(a.ref.id);
});

test('a root that is about to end is replaced and kept beside the new one', async () => {
  const first = await open();
  const oldLeaf = await first.issue(['a.test']);
  nowMs += (3_650 - 396) * DAY_MS;
  const second = await open();
  expect(second.rootPem).not.toBe(first.rootPem);
  expect((await readdir(directory)).filter((name) => /^root-\d+\.crt$/.test(name))).toHaveLength(1);
  expect((await second.issue(['a.test'])).ref.id).not.toBe(oldLeaf.ref.id);
});

test('a damaged root is reported, never replaced silently', async () => {
  const { rootPem } = await open();
  await writeFile(join(directory, 'root.key'), 'torn');
  await expect(open()).rejects.toThrow(/the local CA in .* is damaged/);
  expect(await readFile(join(directory, 'root.crt'), 'utf8')).toBe(rootPem);
});

test('a root whose key belongs to another certificate is damaged', async () => {
  await open();
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(join(directory, 'root.key'), privateKey);
  await expect(open()).rejects.toThrow(/the key belongs to another certificate/);
});

test('a stored leaf that a former root signed is issued again', async () => {
  const former = await (await open()).issue(['a.test']);
  await rm(join(directory, 'root.crt'));
  const authority = await open();
  const leaf = await authority.issue(['a.test']);
  expect(leaf.ref.id).not.toBe(former.ref.id);
  expect(
    new X509Certificate(leaf.material.certificatePem).verify(new X509Certificate(authority.rootPem).publicKey),
  ).toBe(true);
});

test('a root key that others can read is closed', async () => {
  await open();
  await chmod(join(directory, 'root.key'), 0o644);
  await open();
  expect(await modeOf(join(directory, 'root.key'))).toBe(0o600);
});

test('a torn leaf file is issued again', async () => {
  const leaf = await (await open()).issue(['a.test']);
  const [name = ''] = await readdir(join(directory, 'issued'));
  const path = join(directory, 'issued', name);
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 300));
  expect((await (await open()).issue(['a.test'])).ref.id).not.toBe(leaf.ref.id);
});

test('hosts without a file certificate are covered, those with one are not, loopback comes first', async () => {
  const set = await coverHosts(await open(), ['a.test', 'b.test', '*.c.test'], {
    fileRefs: [{ id: '01', names: ['b.test'], kind: 'file' }],
    log: silentLog,
  });
  expect(set.refs.map((ref) => ref.names)).toEqual([['localhost'], ['a.test'], ['*.c.test']]);
  expect([...set.material.keys()]).toEqual(set.refs.map((ref) => ref.id));
});
