import type { ComingState, GroupActivity, WakeMember, WakePlan } from '@dproxy/core';
import { collectLog, eventually, snapshotOf } from '@dproxy/testkit';
import { afterEach, expect, it } from 'vitest';
import { memberOf, planOf } from '../wake/_plan-of.ts';
import type { CpuSample } from './idle-cpu.ts';
import type { IdleStopOptions } from './idle-stop-options.ts';
import { IdleStop } from './idle-stop.ts';
import type { SleepRecord } from './sleep-records.ts';
import { WakeTrouble } from '../wake/wake-trouble.ts';

const SOURCE = 'docker:test';
const GROUP = planOf().id;
/** Awake for the whole of Monday, 2026-03-02. */
const MONDAY = [{ days: [1], from: 0, to: 1_440, timeZone: 'UTC' }];

const stops: IdleStop[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop.stop()));
});

/** The world around idle stop: one worker, one table and one engine whose clocks the test moves. */
class World {
  nowMs = 1_000;
  wallMs = Date.parse('2026-03-02T12:00:00Z');
  open = 0;
  usedMs = 0;
  complete = true;
  isWaking = false;
  isInUse = false;
  cpuNs = 0;
  cpuStepNs = 0;
  /** How far the clock goes from look to look. */
  tickMs = 0;
  hasRefused = false;
  asks = 0;
  readonly done: string[] = [];
  readonly log = collectLog();
  readonly records = new Map<string, SleepRecord>();
  readonly woken = new Map<string, number>();
  /** What each stop waits for. */
  stopping: (id: string) => Promise<void> | undefined = () => undefined;
  plan: WakePlan;
  readonly stop: IdleStop;
  coming: ReadonlyMap<string, ComingState> = new Map();

  constructor(plan: Partial<WakePlan> = {}, routes = [route('web')]) {
    this.plan = planOf({ idleMs: 20, ...plan });
    const snapshot = snapshotOf({ routes });
    const end = async (word: string, id: string, state: WakeMember['state']): Promise<void> => {
      if (this.hasRefused) throw new WakeTrouble('failed', 'the engine refuses');
      this.done.push(`${word} ${id}`);
      this.members(this.plan.members.map((each) => (each.containerId === id ? { ...each, state } : each)));
    };
    this.stop = new IdleStop({
      log: this.log,
      workers: { activity: async () => this.#activity(), whenServed: async () => true },
      table: {
        snapshot,
        setComing: async (coming) => {
          this.coming = coming;
          return 1;
        },
      },
      records: {
        add: async (record) => void this.records.set(record.group, record),
        remove: (group) => void this.records.delete(group),
        get: (group) => this.records.get(group),
        wokenForMs: (group) => this.woken.get(group),
        setWokenFor: (group, sinceMs) => void this.woken.set(group, sinceMs),
        groups: () => [...this.records.keys()],
        forget: (group) => void this.records.delete(group),
      },
      engineOf: async (source) => ({
        look: async () => undefined,
        stop: async (id) => {
          await this.stopping(id);
          await end('stop', id, 'stopped');
        },
        pause: (id) => end('pause', id, 'paused'),
        cpu: async () => {
          if (source === SOURCE) return this.#sample();
          this.done.push(`far, look ${this.asks}`);
          throw new WakeTrouble('slow', 'the engine did not answer in time');
        },
      }),
      isWaking: () => this.isWaking,
      wake: async (group) => this.done.push(`wake ${group}`) > 0,
      nowMs: () => this.nowMs,
      wallMs: () => this.wallMs,
      machineZone: 'UTC',
      minPauseMs: 5,
      probe: async (backends, path) => (
        this.done.push(`probe ${backends.map(({ id }) => id).join()} ${path}`),
        this.isInUse
      ),
    } satisfies IdleStopOptions);
    stops.push(this.stop);
    this.stop.setPlans(SOURCE, [this.plan]);
  }

  members(members: readonly WakeMember[]): void {
    this.plan = { ...this.plan, members };
    this.stop.setPlans(SOURCE, [this.plan]);
  }

  /** The next looks have found what there is to find. */
  async whenLooked(): Promise<void> {
    const seen = this.asks;
    await eventually(() => this.asks >= seen + 2);
  }

  get reason(): string {
    return this.stop.describe()[0]?.reason ?? '';
  }

  #activity(): { groups: GroupActivity[]; complete: boolean } {
    this.asks++;
    this.nowMs += this.tickMs;
    if (this.open > 0) this.usedMs = this.nowMs;
    return {
      groups: [{ group: GROUP, open: this.open, idleMs: this.nowMs - this.usedMs }],
      complete: this.complete,
    };
  }

  #sample(): CpuSample {
    this.cpuNs += this.cpuStepNs;
    return { usedNs: this.cpuNs, atMs: this.nowMs };
  }
}

function route(name: string, wakeGroup = GROUP) {
  return { host: `${name}.test`, to: { id: name, port: 80, containerId: `${name}-id` }, wakeGroup };
}

it('puts a group to sleep that nobody uses, and remembers whose doing it was', async () => {
  const world = new World();
  await world.whenLooked();
  expect([world.done, world.reason]).toEqual([[], 'it was used or started a moment ago']);
  world.nowMs += 1_000;
  await eventually(() => world.stop.sleeps === 1);
  expect(world.done).toEqual(['stop web-id']);
  expect(world.coming.size).toBe(0);
  expect(world.stop.describe()).toMatchObject([{ group: GROUP, state: 'asleep', idleMs: 0, leftMs: 0, isOurs: true }]);
  expect(world.stop.isOurs(GROUP)).toBe(true);

  world.members([memberOf('web', { startedMs: 9_000 })]);
  expect(world.stop.isOurs(GROUP)).toBe(false);
  expect(world.records.size).toBe(0);
  world.members([memberOf('web', { startedMs: 9_000, state: 'stopped' })]);
  expect(world.stop.isOurs(GROUP)).toBe(false);
});

it('lets whatever is open keep it awake', async () => {
  const world = new World();
  world.open = 1;
  world.nowMs += 60_000;
  await world.whenLooked();
  expect([world.done, world.reason]).toEqual([[], 'requests or connections are open']);
  world.open = 0;
  await world.whenLooked();
  expect(world.reason).toBe('it was used or started a moment ago');
  world.nowMs += 1_000;
  await eventually(() => world.stop.sleeps === 1);
});

it('keeps awake what a worker has not spoken of', async () => {
  const world = new World();
  world.complete = false;
  world.nowMs += 60_000;
  await world.whenLooked();
  expect([world.done, world.reason]).toEqual([[], 'not all workers have said whether it is in use']);
});

it('keeps awake what nobody could wake', async () => {
  const world = new World({}, [route('other')]);
  world.nowMs += 60_000;
  await world.whenLooked();
  expect([world.done, world.reason]).toEqual([[], 'no route leads to it, so nobody could wake it']);
});

it('takes work for use: CPUs are asked three times before they are believed', async () => {
  const world = new World({ busyCpuPercent: 10 });
  world.cpuStepNs = 1e9;
  world.tickMs = 500;
  await eventually(() => world.reason === 'its CPUs are busy');
  expect(world.done).toEqual([]);
  world.cpuStepNs = 0;
  await eventually(() => world.stop.sleeps === 1);
});

it('asks the probe on the backends of the group, and takes yes for use', async () => {
  const world = new World({ probePath: '/in-use' });
  world.isInUse = true;
  world.nowMs += 1_000;
  await eventually(() => world.reason === 'its activity probe says that it is in use');
  expect(world.done).toEqual(['probe web /in-use']);
  world.isInUse = false;
  // The clock goes on: a probe that was under way may have said so a moment ago.
  world.tickMs = 1_000;
  await eventually(() => world.stop.sleeps === 1);
  expect(world.done.at(-1)).toBe('stop web-id');
  expect(new Set(world.done.slice(0, -1))).toEqual(new Set(['probe web /in-use']));
  expect(world.done.length).toBeGreaterThan(2);
});

it('leaves a group alone for a minute that its engine has refused to stop', async () => {
  const world = new World();
  world.hasRefused = true;
  world.nowMs += 1_000;
  await eventually(() => world.log.entries.some(({ message }) => message === 'a group cannot be put to sleep'));
  world.hasRefused = false;
  await world.whenLooked();
  expect(world.reason).toBe('its engine has refused a moment ago');
  world.nowMs += 60_000;
  await eventually(() => world.stop.sleeps === 1);
});

it('keeps it awake in its times, and wakes it once when one begins', async () => {
  const world = new World({ awake: MONDAY, members: [memberOf('web', { state: 'stopped' })] });
  await eventually(() => world.done.length === 1);
  expect(world.done).toEqual([`wake ${GROUP}`]);
  expect(world.woken.get(GROUP)).toBe(Date.parse('2026-03-02T00:00:00Z'));
  world.members([memberOf('web')]);
  world.nowMs += 60_000;
  await world.whenLooked();
  expect(world.reason).toBe('it is kept awake at this time');
  // Somebody stops it by hand, and starts another look.
  world.members([memberOf('web', { state: 'stopped' })]);
  world.members([memberOf('web', { state: 'stopped' }), memberOf('db', { startedMs: 5 })]);
  await world.whenLooked();
  expect(world.done).toEqual([`wake ${GROUP}`]);
  world.wallMs += 24 * 60 * 60 * 1_000;
  world.nowMs += 60_000;
  await eventually(() => world.stop.sleeps === 1);
  expect(world.done).toEqual([`wake ${GROUP}`, 'stop db-id']);
});

it('does not wait for an engine that hangs once for each of its groups', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `far${at}`);
  const idOf = (name: string): string => `docker:far/container:${name}`;
  const world = new World(
    { busyCpuPercent: 5 },
    ['web', ...names].map((name) => route(name, name === 'web' ? GROUP : idOf(name))),
  );
  world.tickMs = 1_000;
  const plans = names.map((name) =>
    planOf({ id: idOf(name), idleMs: 20, busyCpuPercent: 5, members: [memberOf(name)] }),
  );
  world.stop.setPlans('docker:far', plans);
  await eventually(() => world.stop.sleeps === 1);
  const asked = Map.groupBy(
    world.done.filter((word) => word.startsWith('far')),
    (word) => word,
  );
  expect(asked.size).toBeGreaterThan(0);
  // Four are asked at the same time; that one did not answer is enough for the others.
  for (const inOneLook of asked.values()) expect(inOneLook.length).toBeLessThanOrEqual(4);
});

it('does not wait for groups that do not want to end', async () => {
  const names = Array.from({ length: 16 }, (_, at) => `stubborn${at}`);
  const idOf = (name: string): string => `${SOURCE}/container:${name}`;
  const world = new World(
    {},
    ['web', ...names].map((name) => route(name, name === 'web' ? GROUP : idOf(name))),
  );
  world.tickMs = 1_000;
  world.open = 1;
  const end = Promise.withResolvers<void>();
  world.stopping = (id) => (id === 'web-id' ? undefined : end.promise);
  const plans = names.map((name) => planOf({ id: idOf(name), idleMs: 20, members: [memberOf(name)] }));
  world.stop.setPlans(SOURCE, [world.plan, ...plans]);
  await eventually(() => world.stop.describe().filter(({ state }) => state === 'leaving').length === 16);
  expect(world.stop.sleeps).toBe(0);
  world.open = 0;
  world.nowMs += 60_000;
  await eventually(() => world.stop.sleeps === 1);
  expect(world.done).toEqual(['stop web-id']);
  end.resolve();
});

it('does not touch a group without an idle time, nor one that is being woken', async () => {
  const world = new World({ idleMs: 0 });
  const other = planOf({ id: `${SOURCE}/project:other`, idleMs: 20, members: [memberOf('web')] });
  world.isWaking = true;
  world.stop.setPlans(SOURCE, [world.plan, other]);
  world.nowMs += 60_000;
  await world.whenLooked();
  expect(world.done).toEqual([]);
  expect(world.stop.describe()).toMatchObject([{ group: other.id, reason: 'it is being woken', leftMs: 0 }]);
});

it('lets a wake go on at once where nothing is on its way to sleep', async () => {
  const world = new World();
  await world.stop.beforeWake(GROUP);
  await world.stop.beforeWake('nobody');
});

it('forgets groups that are gone, and only those of their own source', () => {
  const world = new World();
  const record = { method: 'stop' as const, sinceMs: 1, containers: [{ id: 'x-id', startedMs: 1 }] };
  for (const group of [`${SOURCE}/project:gone`, 'docker:other/project:kept'])
    world.records.set(group, { ...record, group });
  world.stop.setPlans(SOURCE, [world.plan]);
  expect([...world.records.keys()]).toEqual(['docker:other/project:kept']);
});
