import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { type Log, silentLog } from '@dproxy/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CertificateFiles, type CertificateFilesState } from './certificate-files.ts';
import { LocalAuthority } from './local-authority.ts';

let base: string;
let directory: string;
let authority: LocalAuthority;
let nowMs: number;
let states: CertificateFilesState[];
let warnings: object[];
let files: CertificateFiles;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'certs-'));
  directory = join(base, 'ssl');
  await mkdir(directory);
  nowMs = Date.now();
  authority = await LocalAuthority.open({ directory: join(base, 'ca'), log: silentLog, now: () => nowMs });
  states = [];
  warnings = [];
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) };
  files = new CertificateFiles({ directory, log, now: () => nowMs, debounceMs: 20, rescanMs: 200 });
});

afterEach(async () => {
  await files.stop();
  await rm(base, { recursive: true, force: true });
});

const start = (): Promise<void> => files.start((state) => states.push(state));
const last = (): CertificateFilesState | undefined => states.at(-1);
const names = (): readonly string[] => last()?.refs.flatMap((ref) => ref.names) ?? [];

async function put(certificate: string, key: string, hosts: readonly string[], mode = 0o600): Promise<string> {
  const { material } = await authority.issue(hosts);
  await writeFile(join(directory, certificate), material.certificatePem);
  await writeFile(join(directory, key), material.keyPem, { mode });
  return material.id;
}

test('pairs beside each other and pairs in folders are read, and served with', async () => {
  const id = await put('a.example.com.crt', 'a.example.com.key', ['a.example.com']);
  await mkdir(join(directory, 'b.example.com'));
  await put('b.example.com/fullchain.pem', 'b.example.com/privkey.pem', ['b.example.com', '*.b.example.com']);
  await mkdir(join(directory, 'README'));
  await start();
  expect(names().toSorted()).toEqual(['*.b.example.com', 'a.example.com', 'b.example.com']);
  expect(last()?.rejected).toEqual([]);
  const material = last()?.material.get(id);
  const server = createServer({ cert: material?.certificatePem, key: material?.keyPem }, (socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1', ca: authority.rootPem, servername: 'a.example.com' });
  await once(socket, 'secureConnect');
  expect(socket.authorized).toBe(true);
  socket.destroy();
  server.close();
});

test('each bad pair is rejected alone, with its file and what was expected', async () => {
  await put('good.test.crt', 'good.test.key', ['good.test']);
  await put('mismatch.test.crt', 'unused.key', ['mismatch.test']);
  await put('unused2.crt', 'mismatch.test.key', ['other.test']);
  await writeFile(join(directory, 'text.test.crt'), 'hello');
  await writeFile(join(directory, 'text.test.key'), 'hello');
  await mkdir(join(directory, 'dangling'));
  await symlink('/nowhere', join(directory, 'dangling', 'fullchain.pem'));
  await start();
  expect(names()).toEqual(['good.test']);
  const found = Object.fromEntries(
    last()?.rejected.map((r) => [r.source.slice(directory.length + 1), r.message]) ?? [],
  );
  expect(found).toEqual({
    'mismatch.test.key': 'the key belongs to another certificate',
    'text.test.crt': 'no certificate in the file',
    'unused.crt': 'the certificate is missing',
    'unused2.key': 'the key is missing',
  });
});

test('expired, not yet valid, nameless and encrypted ones are rejected', async () => {
  await put('a.test.crt', 'a.test.key', ['a.test']);
  await put('ip.crt', 'ip.key', ['127.0.0.1']);
  await put('locked.crt', 'locked.key', ['locked.test']);
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  });
  await writeFile(join(directory, 'locked.key'), privateKey);
  await start();
  expect(
    last()
      ?.rejected.map((r) => r.message)
      .toSorted(),
  ).toEqual(['the certificate names no host', 'the key is protected by a passphrase']);
  nowMs += 400 * 86_400_000;
  await vi.waitFor(() =>
    expect(last()?.rejected.map((r) => r.message)).toContainEqual(
      expect.stringMatching(/^the certificate expired at 20/),
    ),
  );
  expect(names()).toEqual([]);
  nowMs -= 800 * 86_400_000;
  await vi.waitFor(() =>
    expect(last()?.rejected.map((r) => r.message)).toContainEqual(expect.stringMatching(/is not valid before 20/)),
  );
});

test('a torn renewal keeps the last good pair until both files are whole', async () => {
  const old = await put('a.test.crt', 'a.test.key', ['a.test']);
  await start();
  nowMs += 300 * 86_400_000;
  const { material } = await authority.issue(['a.test']);
  expect(material.id).not.toBe(old);
  await writeFile(join(directory, 'a.test.crt'), material.certificatePem.slice(0, 200));
  await vi.waitFor(() => expect(last()?.rejected[0]?.message).toBe('a certificate in the file is cut off'));
  expect(last()?.refs.map((ref) => ref.id)).toEqual([old]);
  await writeFile(join(directory, 'a.test.crt'), material.certificatePem);
  await vi.waitFor(() => expect(last()?.rejected[0]?.message).toMatch(/belongs to another/));
  expect(last()?.refs.map((ref) => ref.id)).toEqual([old]);
  await writeFile(join(directory, 'a.test.key'), material.keyPem);
  await vi.waitFor(() => expect(last()?.refs.map((ref) => ref.id)).toEqual([material.id]));
  expect(last()?.rejected).toEqual([]);
});

test('pairs that come, go and are swapped by a link are followed; a directory that is away drops nothing', async () => {
  await start();
  expect(last()).toEqual({ refs: [], material: new Map(), rejected: [] });
  await put('a.test.crt', 'a.test.key', ['a.test']);
  await vi.waitFor(() => expect(names()).toEqual(['a.test']));
  await rename(directory, `${directory}.away`);
  await vi.waitFor(() => expect(last()?.rejected[0]?.message).toMatch(/cannot be read: ENOENT/));
  expect(names()).toEqual(['a.test']);
  await mkdir(join(base, 'next'));
  await symlink(join(base, 'next'), directory);
  await put('b.test.crt', 'b.test.key', ['b.test']);
  await vi.waitFor(() => expect(names()).toEqual(['b.test']));
  await rm(join(directory, 'b.test.crt'));
  await rm(join(directory, 'b.test.key'));
  await vi.waitFor(() => expect(names()).toEqual([]));
});

test('a directory that appears late, goes and is replaced is followed without the rescan', async () => {
  await files.stop();
  files = new CertificateFiles({ directory, log: silentLog, now: () => nowMs, debounceMs: 20, rescanMs: 3_600_000 });
  await rm(directory, { recursive: true });
  await start();
  expect(last()?.rejected[0]?.message).toMatch(/ENOENT/);
  await mkdir(join(base, 'one'));
  await mkdir(join(base, 'two'));
  await symlink(join(base, 'one'), directory);
  await put('a.test.crt', 'a.test.key', ['a.test']);
  await vi.waitFor(() => expect(names()).toEqual(['a.test']));
  await symlink(join(base, 'two'), join(base, 'new-link'));
  await rename(join(base, 'new-link'), directory);
  await vi.waitFor(() => expect(names()).toEqual([]));
  await put('b.test.crt', 'b.test.key', ['b.test']);
  await vi.waitFor(() => expect(names()).toEqual(['b.test']));
});

test('a key that others can read is served, with one warning', async () => {
  await put('a.test.crt', 'a.test.key', ['a.test'], 0o644);
  await start();
  await put('b.test.crt', 'b.test.key', ['b.test']);
  await vi.waitFor(() => expect(names()).toEqual(['a.test', 'b.test']));
  expect(warnings.filter((fields) => 'mode' in fields)).toEqual([{ file: join(directory, 'a.test.key'), mode: '644' }]);
});

test('a name that two certificates have goes to the file that bears it, then to the one that lasts longer', async () => {
  await put('a.test.crt', 'a.test.key', ['a.test', 'shared.test']);
  nowMs += 1_000;
  const longer = await put('z.crt', 'z.key', ['shared.test', 'a.test', 'z.test']);
  await start();
  const byId = new Map(last()?.refs.map((ref) => [ref.id, ref.names]));
  expect(byId.get(longer)).toEqual(['shared.test', 'z.test']);
  expect([...byId.values()]).toContainEqual(['a.test']);
});
