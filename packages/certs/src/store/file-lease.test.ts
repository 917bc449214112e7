import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectLog, eventually, tempFolder, type CollectedLog } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import type { Lease } from '../ports.ts';
import { type DiskCalls, systemCalls } from './disk.ts';
import { FileCertificateStore } from './file-certificate-store.ts';
import type { LeaseTiming } from './lease-lock.ts';
import { formatRecord, type LeaseRecord, newRecord, parseRecord } from './lease-record.ts';

/** Time that passes only when it is told to. */
class ManualTiming implements LeaseTiming {
  readonly heartbeatMs = 5_000;
  readonly staleMs = 10_000;
  readonly lookMs = 250;
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Jumps, as after a suspend: what was due runs once, late. */
  jump(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs)) {
      if (this.#timers.delete(timer)) timer.run();
    }
  }
}

interface Place {
  readonly directory: string;
  readonly log: CollectedLog;
}

async function openStore(
  place: Place,
  timing: LeaseTiming,
  calls: DiskCalls = systemCalls,
): Promise<FileCertificateStore> {
  return await FileCertificateStore.open({ ...place, now: Date.now, timing, calls });
}

async function lockFile({ directory }: Place): Promise<string> {
  const [name = ''] = (await readdir(join(directory, 'leases'))).filter((entry) => entry.endsWith('.lock'));
  return join(directory, 'leases', name);
}

/** A record of a holder that cannot be asked: on another machine. */
async function foreignRecord(key: string): Promise<LeaseRecord> {
  return { ...(await newRecord(key)), bootId: 'of another machine' };
}

/** Puts another machine's lock in place of ours, and gives back its path. */
async function plant(place: Place, timing: LeaseTiming, content: string): Promise<string> {
  const store = await openStore(place, timing);
  await using lease = await store.lease('a.test');
  expect(lease).toBeDefined();
  const path = await lockFile(place);
  await lease?.[Symbol.asyncDispose]();
  await writeFile(path, content);
  return path;
}

/** Lets time pass in steps of a look until the promise is settled. */
async function pass<T>(
  timing: ManualTiming,
  promise: Promise<T>,
  each: () => Promise<void> = async () => {},
): Promise<T> {
  const progress = { isDone: false };
  const watching = (async () => {
    await promise.finally(() => {
      progress.isDone = true;
    });
  })();
  while (!progress.isDone) {
    await eventually(() => progress.isDone || timing.waiting > 0);
    await each();
    if (!progress.isDone) timing.jump(timing.lookMs);
  }
  await watching;
  return await promise;
}

async function place(path: string): Promise<Place> {
  return { directory: join(path, 'certificates'), log: collectLog() };
}

it('goes to one at a time, and to the next one when it is given back; nothing is left behind', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const [one, two] = [await openStore(here, new ManualTiming()), await openStore(here, new ManualTiming())];
  const first = await one.lease('a.test');
  expect(first?.signal.aborted).toBe(false);
  expect(await one.lease('a.test')).toBeUndefined();
  expect(await two.lease('a.test')).toBeUndefined();
  await using other = await two.lease('b.test');
  expect(other).toBeDefined();
  await first?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
  const second = await two.lease('a.test');
  expect(second).toBeDefined();
  await second?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
  expect(await readdir(join(here.directory, 'leases'))).toEqual([]);
});

it('goes to exactly one of many that ask at once', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(here, new ManualTiming())));
  const asked = await Promise.all(stores.flatMap((store) => Array.from({ length: 5 }, () => store.lease('a.test'))));
  const held = asked.filter((lease) => lease !== undefined);
  expect(held).toHaveLength(1);
  await held[0]?.[Symbol.asyncDispose]();
});

it('says who holds it, in the file', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const store = await openStore(here, new ManualTiming());
  await using lease = await store.lease('a.test');
  expect(lease).toBeDefined();
  expect(JSON.parse(await readFile(await lockFile(here), 'utf8'))).toMatchObject({
    pid: process.pid,
    key: 'a.test',
    state: 'held',
    bootId: expect.any(String),
    host: expect.any(String),
  });
});

it('beats, so that who watches from another machine sees it held', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const holding = new ManualTiming();
  await using lease = await (await openStore(here, holding)).lease('a.test');
  const path = await lockFile(here);
  for (let beat = 1; beat <= 3; beat++) {
    const before = await readFile(path, 'utf8');
    holding.jump(5_000);
    await eventually(async () => (await readFile(path, 'utf8')) !== before);
    expect(parseRecord(await readFile(path, 'utf8'))?.beat).toBe(String(beat).padStart(12, '0'));
    // Idle again: the next heartbeat and the deadline.
    await eventually(() => holding.waiting === 2);
  }
  expect(lease?.signal.aborted).toBe(false);
});

it('of a holder that cannot be asked is refused as soon as its heartbeat is seen', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const record = await foreignRecord('a.test');
  const path = await plant(here, new ManualTiming(), formatRecord(record));
  const timing = new ManualTiming();
  let looks = 0;
  const asked = (await openStore(here, timing)).lease('a.test');
  const got = await pass(timing, asked, async () => {
    if (++looks === 10) await writeFile(path, formatRecord({ ...record, beat: '000000000001' }));
  });
  expect(got).toBeUndefined();
  expect(timing.monotonicMs()).toBeLessThan(5_000);
});

for (const [what, content] of [
  ['of a machine that has gone', undefined],
  ['that is empty', ''],
  ['that is half written', '{"owner":"x","pid"'],
] as const) {
  it(`is taken over from a file ${what}, after ten seconds without a change and not before`, async () => {
    await using folder = await tempFolder();
    const here = await place(folder.path);
    await plant(here, new ManualTiming(), content ?? formatRecord(await foreignRecord('a.test')));
    const timing = new ManualTiming();
    await using lease = await pass(timing, (await openStore(here, timing)).lease('a.test'));
    expect(lease).toBeDefined();
    expect(timing.monotonicMs()).toBeGreaterThanOrEqual(10_000);
  });
}

it('is taken over at once from a process of this boot that has ended', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  // Our pid, as it was given to an earlier process.
  await plant(here, new ManualTiming(), formatRecord({ ...(await newRecord('a.test')), startTime: '1' }));
  const timing = new ManualTiming();
  await using lease = await (await openStore(here, timing)).lease('a.test');
  expect(lease).toBeDefined();
  expect(timing.monotonicMs()).toBe(0);
});

it('is not taken from another container of this boot: its pids are not ours', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const record = { ...(await newRecord('a.test')), startTime: '1', pidNamespace: 'pid:[1]' };
  const path = await plant(here, new ManualTiming(), formatRecord(record));
  const timing = new ManualTiming();
  let beat = 0;
  const asked = (await openStore(here, timing)).lease('a.test');
  const got = await pass(timing, asked, async () => {
    if (++beat === 2) await writeFile(path, formatRecord({ ...record, beat: '000000000001' }));
  });
  expect(got).toBeUndefined();
});

it('goes to one of several that find it stale at the same moment', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const stale = { ...(await newRecord('a.test')), startTime: '1' };
  for (let round = 0; round < 20; round++) {
    await plant(here, new ManualTiming(), formatRecord({ ...stale, owner: `round ${round}` }));
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(here, new ManualTiming())));
    const asked = await Promise.all(stores.map((store) => store.lease('a.test')));
    const held = asked.filter((lease) => lease !== undefined);
    expect(held).toHaveLength(1);
    for (const lease of held) await lease[Symbol.asyncDispose]();
    expect(await readdir(join(here.directory, 'leases'))).toEqual([]);
  }
});

it('is taken over although an earlier taker-over died in the middle', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const dead = { ...(await newRecord('a.test')), startTime: '1' };
  const path = await plant(here, new ManualTiming(), formatRecord({ ...dead, owner: 'first' }));
  // The process dies at the rename: its guard stays.
  const death = Promise.withResolvers<void>();
  const calls: DiskCalls = { ...systemCalls, rename: () => death.promise };
  const dying = (await openStore(here, new ManualTiming(), calls)).lease('a.test');
  const guard = await eventually(async () => (await readdir(join(path, '..'))).find((name) => name.endsWith('.guard')));
  await eventually(async () => (await readdir(join(path, '..'))).some((name) => name.endsWith('.draft')));
  const record = parseRecord(await readFile(join(path, '..', guard), 'utf8'));
  await writeFile(join(path, '..', guard), formatRecord({ ...dead, owner: record?.owner ?? '' }));
  await using lease = await (await openStore(here, new ManualTiming())).lease('a.test');
  expect(lease).toBeDefined();
  expect((await readdir(join(path, '..'))).filter((name) => name.endsWith('.guard'))).toEqual([]);
  death.reject(new Error('the end of the test'));
  await expect(dying).rejects.toThrow('the end of the test');
});

it('of a process here that hangs is taken over by who comes again', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const hanging = await (await openStore(here, new ManualTiming())).lease('a.test');
  const timing = new ManualTiming();
  const store = await openStore(here, timing);
  expect(await store.lease('a.test')).toBeUndefined();
  timing.jump(9_999);
  expect(await store.lease('a.test')).toBeUndefined();
  timing.jump(1);
  await using lease = await store.lease('a.test');
  expect(lease).toBeDefined();
  await hanging?.[Symbol.asyncDispose]();
  expect(await store.lease('a.test')).toBeUndefined();
});

/** Everything that ends a lease before its time. */
async function held(path: string): Promise<{ here: Place; timing: ManualTiming; lease: Lease; file: string }> {
  const here = await place(path);
  const timing = new ManualTiming();
  const lease = await (await openStore(here, timing)).lease('a.test');
  if (lease === undefined) throw new Error('it is free');
  return { here, timing, lease, file: await lockFile(here) };
}

const takeAway: readonly [string, (file: string, timing: ManualTiming) => Promise<void>][] = [
  [
    'finds another owner',
    async (file, timing) => {
      await rm(file);
      await writeFile(file, formatRecord(await foreignRecord('a.test')));
      timing.jump(5_000);
    },
  ],
  [
    'finds no file',
    async (file, timing) => {
      await rm(file);
      timing.jump(5_000);
    },
  ],
  [
    'finds no folder',
    async (file, timing) => {
      await rm(join(file, '..'), { recursive: true });
      timing.jump(5_000);
    },
  ],
  [
    'comes ten seconds late',
    (_file, timing) => {
      timing.jump(10_000);
      return Promise.resolve();
    },
  ],
];

it.each(takeAway)('is lost when its heartbeat %s, and says so', async (_what, act) => {
  await using folder = await tempFolder();
  const { here, timing, lease, file } = await held(folder.path);
  await act(file, timing);
  await eventually(() => lease.signal.aborted);
  expect((lease.signal.reason as Error).message).toMatch(/^the lease is lost: /);
  expect(here.log.messages('warn')).toEqual(['a lease is lost']);
  const before = await readFile(file, 'utf8').catch(() => '');
  await lease[Symbol.asyncDispose]();
  const isOurs = parseRecord(before)?.bootId !== 'of another machine';
  expect(await readFile(file, 'utf8').catch(() => '')).toBe(isOurs ? '' : before);
  expect(timing.waiting).toBe(0);
});

it('is lost by a machine that slept through a takeover, and its waking up harms nobody', async () => {
  await using folder = await tempFolder();
  const { here, timing: sleeping, lease: old, file } = await held(folder.path);
  // Seen from another machine.
  const record = parseRecord(await readFile(file, 'utf8'));
  const handle = await open(file, 'r+');
  await handle.write(formatRecord({ ...(record as LeaseRecord), bootId: 'of another machine' }), 0);
  await handle.close();
  const timing = new ManualTiming();
  await using lease = await pass(timing, (await openStore(here, timing)).lease('a.test'));
  const taken = await readFile(file, 'utf8');
  expect(lease).toBeDefined();
  expect(old.signal.aborted).toBe(false);
  sleeping.jump(5_000);
  await eventually(() => old.signal.aborted);
  expect(await readFile(file, 'utf8')).toBe(taken);
  await old[Symbol.asyncDispose]();
  expect(await readFile(file, 'utf8')).toBe(taken);
  expect(await readdir(join(file, '..'))).toHaveLength(1);
  timing.jump(5_000);
  await eventually(async () => (await readFile(file, 'utf8')) !== taken);
  expect(lease?.signal.aborted).toBe(false);
});

it('works without hard links', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const refuse = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'ENOTSUP' }));
  const calls: DiskCalls = { ...systemCalls, link: refuse };
  const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(here, new ManualTiming(), calls)));
  const timing = new ManualTiming();
  const patient = await openStore(here, timing, calls);
  const asked = await Promise.all([
    ...stores.map((store) => store.lease('a.test')),
    pass(timing, patient.lease('a.test')),
  ]);
  const leases = asked.filter((lease) => lease !== undefined);
  expect(leases).toHaveLength(1);
  for (const lease of leases) await lease[Symbol.asyncDispose]();
  expect(await readdir(join(here.directory, 'leases'))).toEqual([]);
});

it('cannot be had in a folder that cannot be written: nobody could be sure to be alone', async () => {
  await using folder = await tempFolder();
  const here = await place(folder.path);
  const store = await openStore(here, new ManualTiming());
  await rm(join(here.directory, 'leases'), { recursive: true });
  await expect(store.lease('a.test')).rejects.toThrow('a lease cannot be taken');
});
