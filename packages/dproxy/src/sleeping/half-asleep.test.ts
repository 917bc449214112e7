import { silentLog, type WakeMember, type WakePlan, type WakeProgress } from '@dproxy/core';
import { IdleStop, Waker, type WakeEngine } from '@dproxy/discovery';
import { eventually, snapshotOf, tempFolder } from '@dproxy/testkit';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SleepBook } from './sleep-book.ts';

const SOURCE = 'docker:test';
const ID = `${SOURCE}/project:shop`;
/** The clocks of these tests are in a hurry. */
const SPEED = 20;

let folder: Awaited<ReturnType<typeof tempFolder>>;
let engine: ToyEngine;
const primaries: Primary[] = [];

beforeEach(async () => {
  folder = await tempFolder();
  engine = new ToyEngine();
});
afterEach(async () => {
  for (const primary of primaries.splice(0)) await primary.die();
  await folder.remove();
});

/** A site and its database, which outlive every primary. */
class ToyEngine {
  readonly started: string[] = [];
  /** Calls that neither end nor do anything: of these containers, until they are taken out. */
  readonly deaf = new Set<string>();
  onChange: () => void = () => {};
  #startedMs = 1_000;
  readonly #members = new Map([
    ['web', member('web', 'db')],
    ['db', member('db')],
  ]);

  get members(): readonly WakeMember[] {
    return [...this.#members.values()];
  }

  get states(): string {
    return this.members.map(({ name, state }) => `${name} ${state}`).join(', ');
  }

  change(name: string, part: Partial<WakeMember>): void {
    const before = this.#members.get(name);
    if (before === undefined) throw new Error(`no container ${name}`);
    this.#members.set(name, { ...before, ...part });
    this.onChange();
  }

  async stop(id: string): Promise<void> {
    if (this.deaf.has(id)) return await Promise.withResolvers<undefined>().promise;
    this.change(id, { state: 'stopped' });
  }

  start(id: string): void {
    this.started.push(id);
    this.#startedMs += 1_000;
    this.change(id, { state: 'running', startedMs: this.#startedMs });
  }
}

function member(name: string, ...needs: readonly string[]): WakeMember {
  const dependsOn = needs.map((service) => ({ service, condition: 'started', required: true }) as const);
  return {
    containerId: name,
    name,
    service: name,
    state: 'running',
    health: 'none',
    exitCode: 0,
    startedMs: 1_000,
    readyAfterMs: 0,
    addresses: [],
    hostPorts: [],
    dependsOn,
  };
}

/** What of a primary decides over sleep and wake, with the book of a state folder. */
class Primary {
  readonly answered: WakeProgress[] = [];
  readonly book: SleepBook;
  readonly idle: IdleStop;
  readonly waker: Waker;
  isUsed = false;
  /** What each table waits for until all workers have it. */
  served: Promise<unknown> = Promise.resolve();
  #isDead = false;

  private constructor(book: SleepBook) {
    this.book = book;
    const route = { host: 'shop.test', to: { id: 'web', port: 80, containerId: 'web' }, wakeGroup: ID };
    this.idle = new IdleStop({
      log: silentLog,
      workers: {
        activity: async () => ({
          groups: [{ group: ID, open: Number(this.isUsed), idleMs: Number.POSITIVE_INFINITY }],
          complete: !this.#isDead,
        }),
        whenServed: async () => (await this.served, true),
      },
      table: { snapshot: snapshotOf({ routes: [route] }), setComing: async () => 1 },
      records: book,
      engineOf: async () => wakeEngine(),
      isWaking: (group) => this.waker.isWaking(group),
      wake: (group) => this.waker.wakeUp(group),
      nowMs: () => performance.now() * SPEED,
      wallMs: Date.now,
      machineZone: 'UTC',
      minPauseMs: 5,
    });
    this.waker = new Waker({
      plan: () => planNow(),
      isServed: () => engine.members.every(({ state }) => state === 'running'),
      servers: () => new Set(['web']),
      engine: async () => wakeEngine(),
      publish: () => {},
      answer: (_, progress) => this.answered.push(progress),
      budget: () => ({ clientPerMinute: 10, perMinute: 60, concurrent: 4 }),
      idleStop: this.idle,
      log: silentLog,
      nowMs: () => performance.now() * SPEED,
      timing: { lookEveryMs: 5, waitEveryMs: 5, logEveryMs: 100 },
    });
  }

  /** Reads the book and hears of the containers as they are now. */
  static async start(): Promise<Primary> {
    const primary = new Primary(await SleepBook.open(join(folder.path, 'sleeping.json'), silentLog));
    primaries.push(primary);
    engine.onChange = () => primary.#follow();
    primary.#follow();
    return primary;
  }

  /** As by SIGKILL, but that its timers end: what the engine was asked for goes on, and nobody hears of it. */
  async die(): Promise<void> {
    this.#isDead = true;
    engine.onChange = () => {};
    await Promise.all([this.idle.stop(), this.waker.close()]);
    await this.book.close();
  }

  /** What a request of a worker comes to. */
  async ask(): Promise<string> {
    const count = this.answered.length;
    this.waker.wake(ID, '192.0.2.1', 1);
    return await eventually(() => {
      if (this.answered.length > count) return this.answered.at(-1)?.message;
      return engine.states === 'web running, db running' ? 'awake' : undefined;
    });
  }

  #follow(): void {
    this.idle.setPlans(SOURCE, [planNow()]);
    this.waker.changed();
  }
}

function planNow(): WakePlan {
  return {
    id: ID,
    keys: ['project:shop'],
    name: 'shop',
    autostart: true,
    timeoutMs: 60_000,
    browsers: 'hold',
    theme: '',
    members: engine.members,
    idleMs: 1_000,
    method: 'stop',
    awake: [],
    busyCpuPercent: 0,
    probePath: '',
    afterManualStop: false,
    showsLog: false,
  };
}

function wakeEngine(): WakeEngine {
  return {
    look: async (id) => seen(id),
    start: async ({ id }) => (engine.start(id), 'started'),
    unpause: neverAsked,
    pause: neverAsked,
    stop: (id) => engine.stop(id),
    cpu: async () => undefined,
    lastLines: async () => [],
    close: () => {},
  };
}

async function neverAsked(): Promise<never> {
  throw new Error('nobody asks for that here');
}

function seen(id: string): Awaited<ReturnType<WakeEngine['look']>> {
  const found = engine.members.find(({ containerId }) => containerId === id);
  if (found === undefined) return undefined;
  return {
    id,
    state: found.state === 'running' ? 'running' : 'exited',
    health: 'none',
    exitCode: 0,
    startedMs: found.startedMs,
    endedMs: 0,
    restarts: 0,
    stopTimeoutMs: 10_000,
    hasTerminal: false,
    networkOf: '',
    project: 'shop',
    networks: [],
  };
}

it('starts what it has put to sleep, also after a restart, and leaves alone what somebody has stopped', async () => {
  const first = await Primary.start();
  await eventually(() => first.idle.sleeps === 1);
  await first.die();
  const second = await Primary.start();
  second.isUsed = true;
  expect(second.idle.isOurs(ID)).toBe(true);
  expect(await second.ask()).toBe('awake');
  expect(engine.started).toEqual(['db', 'web']);

  engine.change('web', { state: 'stopped' });
  expect(await second.ask()).toBe('it was stopped by hand');
  second.isUsed = false;
  await eventually(() => engine.states === 'web stopped, db stopped');
  second.isUsed = true;
  expect(await second.ask()).toBe('it was stopped by hand');
  await second.die();
  const third = await Primary.start();
  third.isUsed = true;
  expect(await third.ask()).toBe('it was stopped by hand');
  expect(engine.started).toEqual(['db', 'web']);
});

it.each([
  ['before the first one has ended', 'web', 'web running, db running'],
  ['between the two', 'db', 'web stopped, db running'],
])('a primary that dies %s has put nothing to sleep that is not known as ours', async (_when, deaf, states) => {
  engine.deaf.add(deaf);
  const first = await Primary.start();
  await eventually(() => first.idle.describe()[0]?.state === 'leaving' && first.book.get(ID) !== undefined);
  await eventually(() => engine.states === states);
  await first.die();

  const second = await Primary.start();
  second.isUsed = true;
  expect(second.idle.isOurs(ID)).toBe(states.includes('stopped'));
  expect(await second.ask()).toBe('awake');
  await eventually(() => second.book.get(ID) === undefined);

  engine.deaf.clear();
  second.isUsed = false;
  await eventually(() => engine.states === 'web stopped, db stopped');
  expect(second.idle.isOurs(ID)).toBe(true);
});

it('what sleeps half-way stays ours when the next attempt is taken back', async () => {
  engine.deaf.add('db');
  const first = await Primary.start();
  await eventually(() => engine.states === 'web stopped, db running');
  await first.die();
  const second = await Primary.start();
  const served = Promise.withResolvers<undefined>();
  second.served = served.promise;
  await eventually(() => second.idle.describe()[0]?.state === 'leaving');
  second.isUsed = true;
  served.resolve(undefined);
  await eventually(() => second.idle.describe()[0]?.state === 'awake');
  expect(second.idle.isOurs(ID)).toBe(true);
  expect(await second.ask()).toBe('awake');
});
