// Crash points: a process that is killed (SIGKILL) at each system call that changes something on disk. Afterwards the old
// certificate or the new one is there, complete, and the next one is stored as if nothing had been.
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileCertificateStore, type IssuedCertificate, type StoredCertificate } from '@dproxy/certs';
import { collectLog, tempFolder, type TempFolder } from '@dproxy/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from '../../packages/certs/src/fixtures/test-authority.ts';
import { runProgram } from '../product/product.ts';

const isLong = process.env['DPROXY_TEST_LONG'] === '1';
const PARALLEL = 2;
const CHILD = join(import.meta.dirname, 'store-child.ts');

let folder: TempFolder;
let certificates: IssuedCertificate[];

beforeAll(async () => {
  folder = await tempFolder();
  const authority = await TestAuthority.create();
  certificates = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const { names, chainPem, keyPem } = await authority.issue(['a.test', '*.a.test']);
      return { names, certificatePem: chainPem, keyPem, authority: 'letsencrypt' };
    }),
  );
  await writeFile(join(folder.path, 'new.json'), JSON.stringify(certificates[4]));
});
afterAll(async () => {
  await folder.remove();
});

async function openStore(directory: string, log = collectLog()): Promise<FileCertificateStore> {
  return await FileCertificateStore.open({ directory, log, now: Date.now });
}

/** Points that this action has when nobody kills it. */
async function countPoints(action: string, template: string): Promise<number> {
  const directory = `${template}-whole`;
  await cp(template, directory, { recursive: true });
  const { code, stdout, stderr } = await child(action, directory, 0);
  expect([code, stderr]).toEqual([0, '']);
  return Number(/points (\d+)/.exec(stdout)?.[1]);
}

async function child(action: string, directory: string, point: number) {
  const args = [CHILD, action, directory, String(point), join(folder.path, 'new.json')];
  return await runProgram([process.execPath, ...args], {});
}

interface Kills {
  readonly action: string;
  readonly template: string;
  /** Points that a short run tries; the unit tests of the store stop at every one of them, in memory. */
  readonly sample: number;
  /** In a long run: how often at each point. A renewal has more than 40 points: over 1,000 kills. */
  readonly runs: number;
  readonly judge: (directory: string) => Promise<void>;
}

/** Kills at each point, every run in a copy of the template, and judges what is left. @returns how many points there are */
async function killAtEachPoint({ action, template, sample, runs, judge }: Kills): Promise<number> {
  const points = await countPoints(action, template);
  const count = isLong ? points * runs : Math.min(points, sample);
  const queue = Array.from({ length: count }, (_, index) => index).values();
  const work = async (): Promise<void> => {
    for (const index of queue) {
      const point = isLong ? (index % points) + 1 : 1 + Math.floor(((index + 0.5) * points) / count);
      const directory = `${template}-${index}`;
      await cp(template, directory, { recursive: true });
      const { code, stdout } = await child(action, directory, point);
      expect([point, code, stdout]).toEqual([point, null, '']);
      try {
        await judge(directory);
      } catch (cause) {
        throw new Error(`killed at point ${point} of ${points}`, { cause });
      }
      await rm(directory, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return points;
}

async function judgeCertificates(directory: string, before: readonly StoredCertificate[]): Promise<void> {
  const log = collectLog();
  const store = await openStore(directory, log);
  const allowed = [before.map(({ certificatePem }) => certificatePem), [certificates[4]?.certificatePem]];
  const found = (await store.load()).map(({ certificatePem }) => certificatePem);
  expect(allowed).toContainEqual(found);
  expect(log.messages('warn')).toEqual([]);
  const next = await store.save(certificates[5] as IssuedCertificate);
  expect(await store.load()).toEqual([next]);
  expect(await (await openStore(directory)).load()).toEqual([next]);
}

const timeout = isLong ? 3_600_000 : 120_000;

it('a renewal that is killed leaves the certificate before or the new one', { timeout }, async () => {
  const template = join(folder.path, 'renewal');
  const store = await openStore(template);
  for (const certificate of certificates.slice(0, 4)) await store.save(certificate);
  const before = await store.load();
  const judge = (directory: string) => judgeCertificates(directory, before);
  const points = await killAtEachPoint({ action: 'save', template, sample: 7, runs: 25, judge });
  expect(points).toBeGreaterThanOrEqual(20);
});

it('a first certificate that is killed leaves none or the new one', { timeout }, async () => {
  const template = join(folder.path, 'first');
  await openStore(template);
  const judge = (directory: string) => judgeCertificates(directory, []);
  await killAtEachPoint({ action: 'save', template, sample: 3, runs: 5, judge });
});

it('a state document that is killed is the old one or the new one', { timeout }, async () => {
  const template = join(folder.path, 'state');
  await (await openStore(template)).writeState('ledger', { orders: 'old' });
  const judge = async (directory: string) => {
    const log = collectLog();
    const store = await openStore(directory, log);
    expect([{ orders: 'old' }, { orders: 'new' }]).toContainEqual(await store.readState('ledger'));
    expect(log.entries).toEqual([]);
    await store.writeState('ledger', 'next');
    expect(await store.readState('ledger')).toBe('next');
  };
  await killAtEachPoint({ action: 'state', template, sample: 3, runs: 5, judge });
});

it('a lease that is killed keeps nobody waiting', { timeout }, async () => {
  const template = join(folder.path, 'lease');
  await openStore(template);
  const judge = async (directory: string) => {
    await using lease = await (await openStore(directory)).lease('a.test');
    expect(lease).toBeDefined();
  };
  await killAtEachPoint({ action: 'lease', template, sample: 3, runs: 5, judge });
});
