import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '@dproxy/config';
import {
  MakerError,
  type ContainerEngine,
  type ContainerMaker,
  type ContainerOrder,
  type EngineEndpoint,
  type Log,
  type MadeContainer,
} from '@dproxy/core';
import { CallBudget } from './call-budget.ts';
import { Entry } from './entry.ts';
import type { MadeFile, MadeLedger } from './made-file.ts';
import { makeOnEngine } from './make-on-engine.ts';
import { assertImage, assertOn, chooseEngine } from './rules.ts';

/** Whose value is the ledger's `instance`. */
export const MADE_LABEL = 'io.dproxy.made-by';

const PATIENCE_MS = 15_000;
/** Orders under way at once: a pull fills disk and network. */
const MAX_ORDERS = 4;
/** Names of stopped and failed ones that are kept, the youngest. */
const MAX_IDLE = 100;
const GONE_ATTEMPTS = 60;
const GONE_EVERY_MS = 50;

export interface MadeContainersOptions {
  readonly file: MadeFile;
  readonly ledger: MadeLedger;
  readonly log: Log;
  /** Those of now: a list that was changed holds from the next call. */
  readonly settings: () => Pick<Settings, 'api' | 'docker'>;
  readonly openEngine: (endpoint: EngineEndpoint) => Promise<ContainerEngine>;
  readonly nowMs: () => number;
  /** How long `make` and `start` wait; default 15 s. */
  readonly patienceMs?: number;
}

/**
 * The policy of the container API: which images, how many, how often, and that nothing is touched which it has not made. A
 * container is ours when its id is in our ledger and the engine says that it has our label.
 */
export class MadeContainers implements ContainerMaker {
  readonly #options: MadeContainersOptions;
  /** By name, the youngest last. */
  readonly #entries: Map<string, Entry>;
  readonly #engines = new Set<ContainerEngine>();
  readonly #budget = new CallBudget();
  #isClosed = false;

  constructor(options: MadeContainersOptions) {
    this.#options = options;
    this.#entries = new Map(options.ledger.containers.map((record) => [record.name, Entry.ofRecord(record)]));
  }

  async list(): Promise<readonly MadeContainer[]> {
    const names = new Set([...this.#entries.values()].map(({ order }) => order.engine));
    const found = new Map<string, ReadonlyMap<string, string> | undefined>();
    // Without the setting the engine hears nothing of this API.
    if (this.#options.settings().api.containers.length > 0) {
      await Promise.all([...names].map(async (name) => found.set(name, await this.#found(name))));
    }
    return [...this.#entries.values()].map((entry) => entry.view(found.get(entry.order.engine)));
  }

  async make(order: ContainerOrder): Promise<MadeContainer> {
    this.#assertImage(order.image);
    const engine = this.#endpoint(order.engine);
    this.#charge();
    const name = order.name === '' ? freeName(order.image) : order.name;
    return await this.#begin({ ...order, name, engine: engine.name });
  }

  async start(ref: string): Promise<MadeContainer> {
    const { entry, endpoint } = this.#known(ref);
    this.#assertImage(entry.order.image);
    this.#assertIdle(entry);
    this.#charge();
    const state = await this.#withEngine(endpoint, async (engine) => await this.#stateOf(entry, engine));
    if (state === undefined) return await this.#begin(entry.order);
    return await this.#change(entry, endpoint, (engine) => engine.start(entry.id));
  }

  async stop(ref: string): Promise<MadeContainer> {
    const { entry, endpoint } = this.#known(ref);
    this.#assertIdle(entry);
    this.#charge();
    return await this.#change(entry, endpoint, async (engine) => {
      if ((await this.#stateOf(entry, engine)) === undefined) return;
      await engine.stop(entry.id);
      await this.#whenGone(entry, engine);
    });
  }

  async remove(ref: string): Promise<MadeContainer> {
    const { entry, endpoint } = this.#known(ref);
    this.#charge();
    entry.end.abort(new MakerError('conflict', `${entry.order.name} was removed meanwhile`));
    await entry.work;
    const removed = await this.#change(entry, endpoint, async (engine) => {
      if ((await this.#stateOf(entry, engine)) === undefined) return;
      await engine.remove(entry.id);
      await this.#whenGone(entry, engine);
    });
    const { name } = entry.order;
    // Where it was given up, what stood under its name before stands there again, with the same container or none.
    if (this.#entries.get(name)?.work === undefined) this.#entries.delete(name);
    await this.#save();
    return { ...removed, state: 'stopped' };
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { end } of this.#entries.values()) end.abort(new MakerError('unreachable', 'dproxy stops'));
    for (const engine of this.#engines) engine.close();
    await Promise.all([...this.#entries.values()].flatMap(({ work }) => work ?? []));
  }

  async #begin(order: ContainerOrder): Promise<MadeContainer> {
    const before = this.#entries.get(order.name);
    if (before !== undefined) this.#assertIdle(before);
    const orders = [...this.#entries.values()].filter(({ work }) => work !== undefined).length;
    if (orders >= MAX_ORDERS) throw new MakerError('budget', `${MAX_ORDERS} containers are being made; wait for one`);
    const entry = new Entry(order, before?.id);
    this.#put(entry);
    let failure: unknown;
    entry.work = this.#makeOn(entry)
      .catch((error: unknown) => {
        failure = error;
        this.#noteFailure(entry, error, before);
      })
      .finally(() => (entry.work = undefined));
    const patience = new AbortController();
    const { signal } = patience;
    const waiting = delay(this.#options.patienceMs ?? PATIENCE_MS, undefined, { signal }).catch(() => undefined);
    await Promise.race([entry.work, waiting]);
    patience.abort();
    if (failure !== undefined) throw failure;
    return entry.view(new Map([[entry.id, 'running']]));
  }

  async #makeOn(entry: Entry): Promise<void> {
    const { image, tag, name, engine: engineName } = entry.order;
    await this.#withEngine(this.#endpoint(engineName), async (engine) => {
      await this.#assertRoom(entry, engine);
      const { memory: memoryBytes, processes: maxProcesses } = this.#options.settings().api.containerLimits;
      await makeOnEngine(entry, {
        engine,
        label: [MADE_LABEL, this.#options.ledger.instance],
        memoryBytes,
        maxProcesses,
        assertAllowed: () => this.#assertImage(image),
        onCreated: () => this.#save(),
      });
      this.#options.log.info({ container: name, image, tag, engine: engineName }, 'a container was made');
    });
  }

  async #assertRoom(entry: Entry, engine: ContainerEngine): Promise<void> {
    const found = await engine.labelled(MADE_LABEL, this.#options.ledger.instance);
    const { name } = entry.order;
    if (found.has(entry.id)) throw new MakerError('conflict', `${name} was made before, and is still there`);
    this.#forgetIdle(entry.order.engine, found);
    const { count } = this.#options.settings().api.containerLimits;
    // Orders that are ahead of this one and have no container yet will have one.
    const all = [...this.#entries.values()];
    const ahead = all.slice(0, all.indexOf(entry)).filter((other) => this.#isComing(other, entry));
    if (found.size + ahead.length < count) return;
    throw new MakerError(
      'budget',
      `${count} containers are there, as many as api.containerLimits.count allows; remove one`,
    );
  }

  #isComing({ work, phase, order }: Entry, to: Entry): boolean {
    return work !== undefined && order.engine === to.order.engine && (phase === 'pulling' || phase === 'creating');
  }

  #noteFailure(entry: Entry, error: unknown, before: Entry | undefined): void {
    const { name, image, tag, engine } = entry.order;
    const isOurs = error instanceof MakerError;
    entry.problem = isOurs ? error.message : 'it failed; the log of dproxy says why';
    entry.phase = 'failed';
    this.#options.log.warn({ container: name, image, tag, engine, err: error }, 'a container could not be made');
    if (!isOurs || (error.problem !== 'conflict' && error.problem !== 'budget')) return;
    // Nothing was begun: what stood under this name stands there again.
    if (this.#entries.get(name) !== entry) return;
    if (before === undefined) this.#entries.delete(name);
    else this.#entries.set(name, before);
  }

  /** One thing at a time is done with a container. */
  async #change(
    entry: Entry,
    endpoint: EngineEndpoint,
    act: (engine: ContainerEngine) => Promise<void>,
  ): Promise<MadeContainer> {
    this.#assertIdle(entry);
    const acting = this.#withEngine(endpoint, async (engine) => {
      await act(engine);
      return await engine.labelled(MADE_LABEL, this.#options.ledger.instance);
    });
    const idle = (): void => void (entry.work = undefined);
    entry.work = acting.then(idle, idle);
    return entry.view(await acting);
  }

  async #stateOf(entry: Entry, engine: ContainerEngine): Promise<string | undefined> {
    return (await engine.labelled(MADE_LABEL, this.#options.ledger.instance)).get(entry.id);
  }

  /** The engine removes a container a moment after it has said that it is stopped; its name is taken until then. */
  async #whenGone(entry: Entry, engine: ContainerEngine): Promise<void> {
    for (let attempt = 0; attempt < GONE_ATTEMPTS; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the engine is asked again
      if ((await this.#stateOf(entry, engine)) === undefined) return;
      // oxlint-disable-next-line no-await-in-loop
      await delay(GONE_EVERY_MS);
    }
  }

  async #found(name: string): Promise<ReadonlyMap<string, string> | undefined> {
    const endpoint = this.#options.settings().docker.engines.find((each) => each.name === name);
    if (endpoint === undefined) return undefined;
    const { instance } = this.#options.ledger;
    return await this.#withEngine(endpoint, (engine) => engine.labelled(MADE_LABEL, instance)).catch(
      (error: unknown) => {
        this.#options.log.debug({ err: error, engine: name }, 'made containers cannot be listed');
        return undefined;
      },
    );
  }

  async #withEngine<T>(endpoint: EngineEndpoint, act: (engine: ContainerEngine) => Promise<T>): Promise<T> {
    const engine = await this.#options.openEngine(endpoint);
    this.#engines.add(engine);
    if (this.#isClosed) engine.close();
    try {
      return await act(engine);
    } finally {
      this.#engines.delete(engine);
      engine.close();
    }
  }

  #known(ref: string): { readonly entry: Entry; readonly endpoint: EngineEndpoint } {
    assertOn(this.#options.settings());
    const entry =
      this.#entries.get(ref) ?? [...this.#entries.values()].find(({ id }) => id.startsWith(ref) && isShortId(ref));
    if (entry === undefined) throw new MakerError('unknown', 'no container of this name or id was made by this API');
    return { entry, endpoint: this.#endpoint(entry.order.engine) };
  }

  #assertImage(image: string): void {
    assertImage(this.#options.settings(), image);
  }

  #assertIdle({ work, order }: Entry): void {
    if (work !== undefined) throw new MakerError('conflict', `something is being done with ${order.name}; wait for it`);
  }

  #endpoint(name: string): EngineEndpoint {
    return chooseEngine(this.#options.settings(), name);
  }

  #charge(): void {
    this.#budget.charge(this.#options.settings().api.containerLimits.perMinute, this.#options.nowMs());
  }

  /** As the youngest. */
  #put(entry: Entry): void {
    this.#entries.delete(entry.order.name);
    this.#entries.set(entry.order.name, entry);
  }

  /** Of those that have no container any more the oldest go. */
  #forgetIdle(engine: string, found: ReadonlyMap<string, string>): void {
    const idle = [...this.#entries.values()].filter(
      ({ work, order, id }) => work === undefined && order.engine === engine && !found.has(id),
    );
    for (const { order } of idle.slice(0, Math.max(0, idle.length - MAX_IDLE))) this.#entries.delete(order.name);
  }

  async #save(): Promise<void> {
    const containers = [...this.#entries.values()].filter(({ id }) => id !== '').map((entry) => entry.toRecord());
    await this.#options.file.save({ instance: this.#options.ledger.instance, containers });
  }
}

function isShortId(ref: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(ref);
}

function freeName(image: string): string {
  const base = (image.split('/').at(-1) ?? '').replaceAll(/[^a-z0-9]+/g, '-').slice(0, 48);
  return `${base}-${randomBytes(4).toString('hex')}`;
}
