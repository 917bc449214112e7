import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { collectLog, tempFolder, type CollectedLog } from '@dproxy/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestAuthority, type TestPair } from '../fixtures/test-authority.ts';
import type { IssuedCertificate } from '../ports.ts';
import { type DiskCalls, systemCalls } from './disk.ts';
import { FileCertificateStore } from './file-certificate-store.ts';

const DAY_MS = 86_400_000;

let authority: TestAuthority;
let first: TestPair;
let second: TestPair;

beforeAll(async () => {
  authority = await TestAuthority.create();
  first = await authority.issue(['a.test', 'www.a.test']);
  second = await authority.issue(['a.test', 'www.a.test']);
});

function issued(pair: TestPair, name = 'letsencrypt'): IssuedCertificate {
  return { names: pair.names, certificatePem: pair.chainPem, keyPem: pair.keyPem, authority: name };
}

async function open(path: string, log: CollectedLog = collectLog(), now = Date.now): Promise<FileCertificateStore> {
  return await FileCertificateStore.open({ directory: join(path, 'certificates'), log, now });
}

/** Every file seems to belong to uid 12345. */
async function openAsOfAnother(...args: Parameters<DiskCalls['open']>): Promise<FileHandle> {
  const handle = await systemCalls.open(...args);
  const found = await handle.stat();
  handle.stat = (() => Promise.resolve(Object.assign(found, { uid: 12_345 }))) as unknown as FileHandle['stat'];
  return handle;
}

/** Folder of the only entry, and its versions from the newest on. */
async function onlyEntry(path: string): Promise<{ folder: string; versions: string[] }> {
  const issuedFolder = join(path, 'certificates', 'issued');
  const [entry = ''] = await readdir(issuedFolder);
  const folder = join(issuedFolder, entry);
  const versions = (await readdir(folder)).filter((name) => /^\d/.test(name)).toSorted();
  return { folder, versions: versions.toReversed() };
}

describe('save and load', () => {
  it('gives back what was saved, also to the next process', async () => {
    await using folder = await tempFolder();
    const saved = await (await open(folder.path)).save(issued(first));
    expect(saved).toMatchObject({
      names: ['a.test', 'www.a.test'],
      authority: 'letsencrypt',
      notAfterMs: expect.any(Number),
    });
    expect(await (await open(folder.path)).load()).toEqual([saved]);
  });

  it('keeps one certificate for the same names in any order, and several for several authorities', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await store.save(issued(first));
    const renewed = await store.save({ ...issued(second), names: ['WWW.a.test', 'a.test'] });
    expect((await store.load()).map(({ id }) => id)).toEqual([renewed.id]);
    expect((await store.load())[0]?.names).toEqual(['www.a.test', 'a.test']);
    await store.save(issued(first, 'other'));
    expect((await store.load()).map((found) => found.authority).toSorted()).toEqual(['letsencrypt', 'other']);
  });

  it('takes addresses, and an authority whose name is no file name', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    const pair = await authority.issue(['2001:db8::1', '192.0.2.1']);
    const saved = await store.save({ ...issued(pair, '../../etc/ca:8443'), names: ['2001:DB8:0::1', '192.0.2.1'] });
    expect(saved.names).toEqual(['2001:db8::1', '192.0.2.1']);
    expect(await (await open(folder.path)).load()).toEqual([saved]);
    expect(await readdir(folder.path)).toEqual(['certificates']);
  });

  it('refuses a key of another certificate, and a certificate for other names', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await expect(store.save({ ...issued(first), keyPem: second.keyPem })).rejects.toThrow('the key belongs to another');
    await expect(store.save({ ...issued(first), names: ['b.test'] })).rejects.toThrow('does not name b.test');
    expect(await store.load()).toEqual([]);
  });

  it('lets nobody else in, whatever the umask', async () => {
    for (const umask of [0, 0o777]) {
      await using folder = await tempFolder();
      const before = process.umask(umask);
      try {
        const store = await open(folder.path);
        await store.save(issued(first));
        await store.writeState('ledger', {});
        await using lease = await store.lease('a.test');
        expect(lease).toBeDefined();
        for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
          const { mode } = await stat(join(entry.parentPath, entry.name));
          expect([entry.name, (mode & 0o777).toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
        }
      } finally {
        process.umask(before);
      }
    }
  });

  it('keeps three versions', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    for (let index = 0; index < 5; index++) await store.save(issued(index % 2 === 0 ? first : second));
    const { versions } = await onlyEntry(folder.path);
    expect(versions.map((name) => name.slice(0, 10))).toEqual(['0000000005', '0000000004', '0000000003']);
  });

  it('loses nothing when many save at once', async () => {
    await using folder = await tempFolder();
    const stores = await Promise.all(Array.from({ length: 3 }, () => open(folder.path)));
    const pairs = await Promise.all(Array.from({ length: 6 }, (_, index) => authority.issue([`h${index}.test`])));
    await Promise.all(stores.flatMap((store) => pairs.map((pair) => store.save(issued(pair)))));
    const log = collectLog();
    expect(await (await open(folder.path, log)).load()).toHaveLength(6);
    expect(log.messages('warn')).toEqual([]);
  });

  it('forgets a certificate whose folder was removed', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await store.save(issued(first));
    expect(await store.load()).toHaveLength(1);
    await rm((await onlyEntry(folder.path)).folder, { recursive: true });
    expect(await store.load()).toEqual([]);
  });
});

describe('damage', () => {
  const damages: readonly [string, (version: string) => Promise<void>][] = [
    [
      'a key of another certificate',
      (version) => writeFile(join(version, 'key.pem'), first.keyPem.replace(/^M.*/m, 'x')),
    ],
    ['an empty chain', (version) => writeFile(join(version, 'chain.pem'), '')],
    ['half a chain', (version) => writeFile(join(version, 'chain.pem'), second.chainPem.slice(0, 500))],
    ['a chain of another pair', (version) => writeFile(join(version, 'chain.pem'), first.chainPem)],
    ['no key', (version) => rm(join(version, 'key.pem'))],
    ['no meta', (version) => rm(join(version, 'meta.json'))],
    ['meta that says nothing', (version) => writeFile(join(version, 'meta.json'), 'null')],
    [
      'a folder in place of the key',
      async (version) => {
        await rm(join(version, 'key.pem'));
        await mkdir(join(version, 'key.pem'));
      },
    ],
    [
      'a link in place of the key',
      async (version) => {
        await rm(join(version, 'key.pem'));
        await symlink('/dev/zero', join(version, 'key.pem'));
      },
    ],
    ['megabytes', (version) => writeFile(join(version, 'chain.pem'), second.chainPem.padEnd(1_000_000, '\n'))],
  ];

  it.each(damages)(
    'of the newest version (%s) gives the one before, with a line in the log, once',
    async (_what, damage) => {
      await using folder = await tempFolder();
      const writing = await open(folder.path);
      const before = await writing.save(issued(first));
      await writing.save(issued(second));
      const { folder: entry, versions } = await onlyEntry(folder.path);
      await damage(join(entry, versions[0] ?? ''));
      const log = collectLog();
      const store = await open(folder.path, log);
      expect(await store.load()).toEqual([before]);
      expect(await store.load()).toEqual([before]);
      expect(log.messages('warn')).toEqual([expect.stringMatching(/^a stored certificate cannot be used: /)]);
      expect(JSON.stringify(log.entries)).not.toContain('PRIVATE');
      // And the next one is stored as if nothing had been.
      const next = await store.save(issued(second));
      expect(await store.load()).toEqual([next]);
    },
  );

  it('is noticed by a process that has loaded the certificate before', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    const before = await store.save(issued(first));
    const after = await store.save(issued(second));
    expect(await store.load()).toEqual([after]);
    const { folder: entry, versions } = await onlyEntry(folder.path);
    await writeFile(join(entry, versions[0] ?? '', 'chain.pem'), '');
    expect(await store.load()).toEqual([before]);
  });

  it('of the pointer gives the newest version', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await store.save(issued(first));
    const after = await store.save(issued(second));
    const { folder: entry } = await onlyEntry(folder.path);
    for (const content of ['', '0000000009-000000000000\n', '../../../etc']) {
      await writeFile(join(entry, 'current'), content);
      expect(await (await open(folder.path)).load()).toEqual([after]);
    }
    await rm(join(entry, 'current'));
    expect(await (await open(folder.path)).load()).toEqual([after]);
  });

  it('of one certificate costs no other one', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await store.save(issued(first));
    const { folder: entry, versions } = await onlyEntry(folder.path);
    await writeFile(join(entry, versions[0] ?? '', 'key.pem'), '');
    const other = await store.save(issued(await authority.issue(['b.test'])));
    await writeFile(join(folder.path, 'certificates', 'issued', 'f'.repeat(64)), 'a file where a folder should be');
    const log = collectLog();
    expect(await (await open(folder.path, log)).load()).toEqual([other]);
    expect(log.messages('warn')).toContain('no version of a stored certificate can be used; it is ordered again');
  });
});

describe('dates', () => {
  it('an expired version is passed over while an older one is valid, and is history when none is', async () => {
    await using folder = await tempFolder();
    const nowMs = Date.now();
    const long = await authority.issue(['a.test'], { notAfterMs: nowMs + 60 * DAY_MS });
    const short = await authority.issue(['a.test'], { notAfterMs: nowMs + DAY_MS });
    const store = await open(folder.path);
    const older = await store.save(issued(long));
    const newer = await store.save(issued(short));
    const later = (days: number) => open(folder.path, collectLog(), () => nowMs + days * DAY_MS);
    expect(await (await later(0)).load()).toEqual([newer]);
    expect(await (await later(2)).load()).toEqual([older]);
    expect(await (await later(70)).load()).toEqual([newer]);
    // A clock that is wrong must not lose anything.
    expect(await (await later(-9_000)).load()).toEqual([newer]);
  });

  it('an expired certificate is left out when another authority has given one for the same names', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await store.save(issued(await authority.issue(['a.test'], { notAfterMs: Date.now() - DAY_MS }), 'imported'));
    const valid = await store.save(issued(await authority.issue(['a.test'])));
    expect(await store.load()).toEqual([valid]);
  });
});

describe('modes (threats.md row 50)', () => {
  it('a key of ours that others could read is closed, and that is said', async () => {
    await using folder = await tempFolder();
    const saved = await (await open(folder.path)).save(issued(first));
    const { folder: entry, versions } = await onlyEntry(folder.path);
    const key = join(entry, versions[0] ?? '', 'key.pem');
    await chmod(key, 0o640);
    const log = collectLog();
    const store = await open(folder.path, log);
    expect(await store.load()).toEqual([saved]);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    await store.load();
    expect(log.entries.filter(({ level }) => level === 'warn')).toMatchObject([{ fields: { file: key, mode: '640' } }]);
  });

  it('a key of somebody else that others could read is refused, with what to do', async () => {
    await using folder = await tempFolder();
    await (await open(folder.path)).save(issued(first));
    const { folder: entry, versions } = await onlyEntry(folder.path);
    const key = join(entry, versions[0] ?? '', 'key.pem');
    await chmod(key, 0o644);
    const log = collectLog();
    const calls: DiskCalls = { ...systemCalls, open: openAsOfAnother };
    const store = await FileCertificateStore.open({
      directory: join(folder.path, 'certificates'),
      log,
      now: Date.now,
      calls,
    });
    expect(await store.load()).toEqual([]);
    const uid = process.getuid?.() ?? 0;
    expect(log.entries[0]).toMatchObject({
      message: expect.stringMatching(/belongs to uid 12345 and its mode is 644/),
      fields: { advice: `chown ${uid} ${key} && chmod 600 ${key}` },
    });
  });

  // Only root can give files away.
  if (process.getuid?.() === 0) {
    it('files that root makes belong to the owner of the folder', async () => {
      await using folder = await tempFolder();
      await chown(folder.path, 12_345, 12_346);
      const store = await open(folder.path);
      await store.save(issued(first));
      await store.writeState('ledger', {});
      await using lease = await store.lease('a.test');
      expect(lease).toBeDefined();
      for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
        expect(await stat(join(entry.parentPath, entry.name))).toMatchObject({ uid: 12_345, gid: 12_346 });
      }
    });
  }
});

describe('leftovers', () => {
  it('of crashed writes go when they are old, not while somebody may be writing', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    const saved = await store.save(issued(first));
    const { folder: entry } = await onlyEntry(folder.path);
    const root = join(folder.path, 'certificates');
    const left = [
      join(entry, '.new-0000000002-0'),
      join(entry, 'current.0.tmp'),
      join(root, 'documents', 'x.json.0.tmp'),
    ];
    const fresh = join(entry, '.new-0000000003-0');
    for (const path of [...left, fresh]) await mkdir(path);
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const path of left) await utimes(path, longAgo, longAgo);
    expect(await (await open(folder.path)).load()).toEqual([saved]);
    const remaining = await readdir(root, { recursive: true });
    for (const path of left) expect(remaining).not.toContain(path.slice(root.length + 1));
    expect(remaining).toContain(fresh.slice(root.length + 1));
  });
});

describe('state documents', () => {
  it('survive restarts, whatever their name', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    const names = ['ledger', 'account/../../x', 'ACCOUNT', 'account', 'host:8443', ''];
    for (const name of names) await store.writeState(name, { name });
    const next = await open(folder.path);
    for (const name of names) expect(await next.readState(name)).toEqual({ name });
    expect(await next.readState('absent')).toBeUndefined();
    expect(await readdir(folder.path)).toEqual(['certificates']);
  });

  it('hold the last of many writes at once', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.writeState('ledger', index)));
    expect(await store.readState('ledger')).toBe(19);
  });

  it('that are damaged begin anew and are kept aside, without a word of their content in the log', async () => {
    await using folder = await tempFolder();
    const log = collectLog();
    const store = await open(folder.path, log);
    const documents = join(folder.path, 'certificates', 'documents');
    for (const content of ['', '{"key":"secret', '\0\0\0\0', '{"key":"secret"', '{"secret']) {
      await writeFile(join(documents, 'account.json'), content, { mode: 0o600 });
      expect(await store.readState('account')).toBeUndefined();
    }
    expect(log.messages('error')).toHaveLength(5);
    expect(JSON.stringify(log.entries)).not.toContain('secret');
    expect((await readdir(documents)).filter((name) => name.startsWith('account.json.damaged-'))).toHaveLength(3);
    await store.writeState('account', 1);
    expect(await store.readState('account')).toBe(1);
  });

  it('that cannot be read are an error: they must not be taken for nothing', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    await mkdir(join(folder.path, 'certificates', 'documents', 'ledger.json'));
    await expect(store.readState('ledger')).rejects.toThrow(/ledger\.json is refused: it is no file\. remove /);
  });
});

describe('watch', () => {
  it('tells of what another process has saved', async () => {
    await using folder = await tempFolder();
    const store = await open(folder.path);
    const told = Promise.withResolvers<void>();
    await using _watch = await store.watch(told.resolve);
    const saved = await (await open(folder.path)).save(issued(first));
    await told.promise;
    expect(await store.load()).toEqual([saved]);
  });
});

describe('a store that is only looked at', () => {
  it('makes nothing and changes nothing', async () => {
    await using folder = await tempFolder();
    const directory = join(folder.path, 'certificates');
    const look = () => FileCertificateStore.open({ directory, log: collectLog(), now: Date.now, isReadOnly: true });
    expect(await (await look()).load()).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
    const saved = await (await open(folder.path)).save(issued(first));
    const { folder: entry, versions } = await onlyEntry(folder.path);
    const key = join(entry, versions[0] ?? '', 'key.pem');
    await chmod(key, 0o640);
    expect(await (await look()).load()).toEqual([saved]);
    expect((await stat(key)).mode & 0o777).toBe(0o640);
    expect(await readFile(key, 'utf8')).toBe(saved.keyPem);
  });
});
