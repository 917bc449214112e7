// All disturbances at once, in random order, for as long as is asked: three rows of them side by side, because two of one row
// would only wait for each other (a container that is stopped cannot be stopped).
import type { Engine } from '@dproxy/testkit/docker';
import type { Disturbance } from './disturbances/disturbance.ts';
import { engineDisturbances } from './disturbances/engine.ts';
import { REPLICA_DISTURBANCES } from './disturbances/replicas.ts';
import { SETTINGS_DISTURBANCES } from './disturbances/settings.ts';
import { SUPERVISION_DISTURBANCES } from './disturbances/supervision.ts';
import { WORKER_DISTURBANCES } from './disturbances/workers.ts';
import { askEverything } from './load/everything.ts';
import type { OpenLoop } from './load/open-loop.ts';
import type { Closed, Tally } from './load/tally.ts';
import type { Site } from './site.ts';

export interface SoakOptions {
  readonly site: Site;
  readonly engine: Engine;
  readonly durationMs: number;
  /** Gives the same order again. */
  readonly seed: number;
}

export interface SoakReport {
  readonly tallies: readonly Tally[];
  /** By the name of a disturbance. */
  readonly times: ReadonlyMap<string, Times>;
  /** One line for each disturbance after which things did not become as they were. */
  readonly failures: readonly string[];
  /** Connections that nobody had a reason to close. */
  readonly closed: readonly Closed[];
  readonly postsReceived: number;
  readonly postsTwice: readonly string[];
}

export interface Times {
  readonly count: number;
  /** Until everything was again as it was, the longest one. */
  readonly slowestMs: number;
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

const ENGINE_AWAY_SECONDS = 8;

export async function soak({ site, engine, durationMs, seed }: SoakOptions): Promise<SoakReport> {
  const rows = [
    [...REPLICA_DISTURBANCES, ...engineDisturbances(engine, ENGINE_AWAY_SECONDS)],
    SETTINGS_DISTURBANCES,
    [...WORKER_DISTURBANCES, ...SUPERVISION_DISTURBANCES],
  ];
  using load = askEverything(site);
  const untilMs = performance.now() + durationMs;
  const done = await Promise.all(rows.map((row, place) => new Row(row, seed + place).run({ site, load, untilMs })));
  const tallies = await load.end();
  const drains = done.flatMap(({ drains }) => drains);
  return {
    tallies,
    times: new Map(done.flatMap(({ times }) => [...times])),
    failures: done.flatMap(({ failures }) => failures),
    closed: tallies.flatMap(({ closed }) => closed.filter((one) => !isOfDrain(one, drains))),
    postsReceived: await site.posts.count(),
    postsTwice: await site.posts.twice(),
  };
}

/** Only what never ends by itself is cut, and only while a worker leaves. */
function isOfDrain({ kind, atMs }: Closed, drains: readonly Span[]): boolean {
  return kind === 'WebSocket' && drains.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs <= untilMs);
}

/** Disturbances of which there is one at a time. */
class Row {
  readonly times = new Map<string, Times>();
  readonly failures: string[] = [];
  /** When workers were leaving. */
  readonly drains: Span[] = [];
  readonly #disturbances: readonly Disturbance[];
  readonly #random: () => number;

  constructor(disturbances: readonly Disturbance[], seed: number) {
    this.#disturbances = disturbances;
    this.#random = randomFrom(seed);
    for (const { name } of disturbances) this.times.set(name, { count: 0, slowestMs: 0 });
  }

  async run({ site, load, untilMs }: { site: Site; load: OpenLoop; untilMs: number }): Promise<this> {
    for (let next: Disturbance[] = []; performance.now() < untilMs;) {
      if (next.length === 0) next = this.#shuffled();
      const one = next.pop();
      if (one === undefined) throw new Error('a row without disturbances');
      const { count, slowestMs } = this.times.get(one.name) ?? { count: 0, slowestMs: 0 };
      const fromMs = performance.now();
      try {
        await one.disturb({ site, load, number: count });
      } catch (error) {
        const seconds = Math.round((performance.now() - fromMs) / 1_000);
        this.failures.push(`${new Date().toISOString()} ${one.name}, for ${seconds} s: ${String(error)}`);
      }
      const nowMs = performance.now();
      this.times.set(one.name, { count: count + 1, slowestMs: Math.max(slowestMs, nowMs - fromMs) });
      if (one.endsWorkers) this.drains.push({ fromMs, untilMs: nowMs });
    }
    return this;
  }

  /** All of them, each once: in a short run, too, everything comes its turn. */
  #shuffled(): Disturbance[] {
    return this.#disturbances
      .map((disturbance) => ({ disturbance, place: this.#random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ disturbance }) => disturbance);
  }
}

/** Numbers from 0 to 1 that are the same for the same seed: a linear congruential generator (Numerical Recipes). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
