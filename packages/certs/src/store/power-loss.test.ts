// What a crash may leave at each step: a loss of power (only what was synced is sure to be there), a disk that is full or
// broken. A kill is the mildest of these: everything written is there; tests/acme kills real processes.
import { readdir } from 'node:fs/promises';
import { collectLog, tempFolder } from '@dproxy/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { countingCalls } from '../fixtures/counting-calls.ts';
import { TestAuthority } from '../fixtures/test-authority.ts';
import { type Random, VolatileDisk } from '../fixtures/volatile-disk.ts';
import type { IssuedCertificate, StoredCertificate } from '../ports.ts';
import type { DiskCalls } from './disk.ts';
import { FileCertificateStore } from './file-certificate-store.ts';
import { StoreError } from './store-error.ts';

/** How often what was not synced is drawn anew. */
const DRAWS = 6;
const DIRECTORY = '/state/certificates';

let certificates: readonly IssuedCertificate[];

beforeAll(async () => {
  const authority = await TestAuthority.create();
  certificates = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const { names, chainPem, keyPem } = await authority.issue(['a.test']);
      return { names, certificatePem: chainPem, keyPem, authority: 'letsencrypt' };
    }),
  );
});

function certificate(index: number): IssuedCertificate {
  return certificates[index] as IssuedCertificate;
}

async function open(calls: DiskCalls, log = collectLog(), directory = DIRECTORY): Promise<FileCertificateStore> {
  return await FileCertificateStore.open({ directory, log, now: Date.now, calls });
}

/** The same draws at every run: mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Runs `act` with the power going at each of its points in turn, and judges what may be left. */
async function losePowerEverywhere(
  template: VolatileDisk,
  act: (store: FileCertificateStore) => Promise<unknown>,
  judge: (disk: VolatileDisk, isDone: boolean) => Promise<void>,
): Promise<number> {
  for (let point = 1; ; point++) {
    const disk = template.copy();
    const store = await open(disk.calls);
    disk.losePowerAt(point);
    // Done is what it says: a failure that it hides (telling others, removing old versions) must not cost what it promised.
    const isDone = await act(store).then(
      () => true,
      () => false,
    );
    const isOver = disk.points < point;
    disk.losePowerAt(0);
    for (let draw = 0; draw < DRAWS; draw++) {
      try {
        await judge(disk.afterPowerLoss(randomFrom(point * 1_000 + draw)), isDone);
      } catch (cause) {
        throw new Error(`power lost at point ${point}, draw ${draw}`, { cause });
      }
    }
    if (isOver) return point - 1;
  }
}

describe('a loss of power', () => {
  async function judgeCertificate(
    disk: VolatileDisk,
    allowed: readonly (StoredCertificate | undefined)[],
  ): Promise<void> {
    const log = collectLog();
    const found = await (await open(disk.calls, log)).load();
    expect(allowed.map((one) => one?.id)).toContain(found[0]?.id);
    expect(log.messages('warn')).toEqual([]);
    expect(log.messages('error')).toEqual([]);
    const store = await open(disk.calls);
    const next = await store.save(certificate(5));
    expect((await store.load()).map(({ id }) => id)).toEqual([next.id]);
  }

  it('at any point of a renewal leaves the certificate before or the new one, and the new one once it is stored', async () => {
    const template = new VolatileDisk();
    const store = await open(template.calls);
    for (let index = 0; index < 4; index++) await store.save(certificate(index));
    const [before] = await store.load();
    const fresh = await (await open(new VolatileDisk().calls)).save(certificate(4));
    const points = await losePowerEverywhere(
      template,
      (renewing) => renewing.save(certificate(4)),
      (disk, isDone) => judgeCertificate(disk, isDone ? [fresh] : [before, fresh]),
    );
    expect(points).toBeGreaterThan(20);
  });

  it('at any point of the first certificate leaves none or the new one', async () => {
    const template = new VolatileDisk();
    await open(template.calls);
    const fresh = await (await open(new VolatileDisk().calls)).save(certificate(4));
    await losePowerEverywhere(
      template,
      (store) => store.save(certificate(4)),
      (disk, isDone) => judgeCertificate(disk, isDone ? [fresh] : [undefined, fresh]),
    );
  });

  it('at any point of a state document leaves the old one or the new one', async () => {
    const template = new VolatileDisk();
    await (await open(template.calls)).writeState('ledger', 'old');
    await losePowerEverywhere(
      template,
      (store) => store.writeState('ledger', 'new'),
      async (disk, isDone) => {
        const log = collectLog();
        const found = await (await open(disk.calls, log)).readState('ledger');
        expect(isDone ? ['new'] : ['old', 'new']).toContain(found);
        expect(log.entries).toEqual([]);
      },
    );
  });

  it('at the very first start leaves a folder that can be used', async () => {
    for (let point = 1; point <= 30; point++) {
      const disk = new VolatileDisk();
      disk.losePowerAt(point);
      await open(disk.calls).catch(() => {});
      disk.losePowerAt(0);
      const store = await open(disk.afterPowerLoss(randomFrom(point)).calls);
      await store.save(certificate(0));
      expect(await store.load()).toHaveLength(1);
    }
  });
});

describe('a disk that refuses', () => {
  for (const [code, advice] of [
    ['ENOSPC', 'no space is left on the disk: free some'],
    ['EROFS', 'the disk is mounted read-only: mount it for writing'],
  ] as const) {
    it(`${code} at any point of a renewal is an error that says so, and the certificate before stays`, async () => {
      await using folder = await tempFolder();
      const directory = `${folder.path}/certificates`;
      let [failAt, points, isHit] = [0, 0, true];
      const calls = countingCalls((_, what) => {
        if (++points !== failAt) return;
        isHit = true;
        throw Object.assign(new Error(code), { code, path: what.split(' ').at(-1) });
      });
      const store = await open(calls, collectLog(), directory);
      let before = (await store.save(certificate(0))).id;
      let refusals = 0;
      while (isHit) {
        [failAt, points, isHit] = [failAt + 1, 0, false];
        const fresh = await identify(certificate(1 + (failAt % 2)));
        const saving = await settled(store.save(certificate(1 + (failAt % 2))));
        const found = await onlyId(directory);
        if (saving === undefined) {
          // Only what comes after it is durable was refused.
          expect(found).toBe(fresh);
        } else {
          refusals++;
          expect(saving).toBeInstanceOf(StoreError);
          expect(saving.message).toContain(`the certificate of a.test cannot be stored: ${advice}`);
          expect(saving.message).toContain('what was stored before is intact');
          expect([before, fresh]).toContain(found);
        }
        before = found;
      }
      expect(refusals).toBeGreaterThan(20);
    });
  }

  it('leaves nothing behind of what it has refused, but for what a whole version is', async () => {
    await using folder = await tempFolder();
    const directory = `${folder.path}/certificates`;
    let isFull = false;
    const calls = countingCalls((_, what) => {
      if (isFull && what.startsWith('half written')) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    });
    const store = await open(calls, collectLog(), directory);
    await store.save(certificate(0));
    await store.writeState('ledger', 'old');
    const before = await snapshot(directory);
    isFull = true;
    await expect(store.save(certificate(1))).rejects.toThrow('no space is left');
    await expect(store.writeState('ledger', 'new')).rejects.toThrow('no space is left');
    await expect(store.lease('a.test')).rejects.toThrow('no space is left');
    expect(await snapshot(directory)).toEqual(before);
    expect(await store.readState('ledger')).toBe('old');
  });

  it('is said at the start, and what is there is served all the same', async () => {
    await using folder = await tempFolder();
    const directory = `${folder.path}/certificates`;
    const refuse = countingCalls(() => {
      throw Object.assign(new Error('read-only'), { code: 'EROFS' });
    });
    await expect(open(refuse, collectLog(), directory)).rejects.toThrow('the disk is mounted read-only');
    const saved = await (
      await open(
        countingCalls(() => {}),
        collectLog(),
        directory,
      )
    ).save(certificate(0));
    const log = collectLog();
    expect(await (await open(refuse, log, directory)).load()).toEqual([saved]);
    expect(log.messages('error')).toEqual([expect.stringMatching(/^certificates cannot be stored in .*read-only/)]);
  });
});

async function identify(issued: IssuedCertificate): Promise<string> {
  return (await (await open(new VolatileDisk().calls)).save(issued)).id;
}

/** As the next process finds it. */
async function onlyId(directory: string): Promise<string> {
  const store = await FileCertificateStore.open({ directory, log: collectLog(), now: Date.now, isReadOnly: true });
  const found = await store.load();
  expect(found).toHaveLength(1);
  return found[0]?.id ?? '';
}

/** The error that it ends with; undefined: none. */
async function settled(promise: Promise<unknown>): Promise<Error | undefined> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
}

async function snapshot(directory: string): Promise<readonly string[]> {
  return (await readdir(directory, { recursive: true })).toSorted();
}
