import type { GroupActivity, WakeProgress } from '@dproxy/core';

/** What a worker needs of the world around it. */
export interface WorkerWorld {
  readonly group: string;
  /** Tells the primary that somebody waits. */
  readonly wake: (worker: ToyWorker) => void;
  /** A request is sent to the container. @returns when its answer comes, as far as the container is there to give one */
  readonly send: (lastsMs: number) => Promise<'answered' | 'lost'>;
}

const HELD_MS = 60_000;
const REPEAT_MS = 1_000;

interface Held {
  readonly go: () => void;
  readonly refuse: (reason: string) => void;
}

/** A worker as far as sleep and wake see it: it serves by the table that it has, holds what nobody can answer, and says so. For tests. */
export class ToyWorker {
  readonly #world: WorkerWorld;
  readonly #held = new Set<Held>();
  #version: number;
  #isReady: boolean;
  #open = 0;
  #usedMs = performance.now();
  /** What was told so late that what comes after it waits. */
  #told: Promise<void> = Promise.resolve();
  /** How long tables, and what comes after them, take: the next one is not sent before the last one has come. */
  delayMs = 1;

  constructor(world: WorkerWorld, { version, isReady }: { readonly version: number; readonly isReady: boolean }) {
    this.#world = world;
    this.#version = version;
    this.#isReady = isReady;
  }

  get version(): number {
    return this.#version;
  }

  get isBusy(): boolean {
    return this.#open > 0;
  }

  /** Of requests that were sent, not of those that wait. */
  get sending(): number {
    return this.#open - this.#held.size;
  }

  /** What becomes of one request. */
  async ask(lastsMs: number): Promise<string> {
    this.#open++;
    this.#usedMs = performance.now();
    const refused = await this.#whenReady();
    const outcome = refused ?? (await this.#world.send(lastsMs));
    this.#open--;
    this.#usedMs = performance.now();
    return outcome;
  }

  /** A table comes, after all that was told before. @param heard when this worker serves it */
  publish(version: number, isReady: boolean, heard: () => void): void {
    this.#tell(() => {
      this.#version = version;
      this.#isReady = isReady;
      if (isReady) for (const { go } of this.#held) go();
      heard();
    });
  }

  publishWaking({ state, message }: WakeProgress): void {
    this.#tell(() => {
      if (state === 'failed' || state === 'refused') for (const { refuse } of this.#held) refuse(message);
    });
  }

  /** Questions pass by tables that are late. */
  async activity(): Promise<GroupActivity> {
    await this.#later(1);
    const idleMs = performance.now() - this.#usedMs;
    return { group: this.#world.group, open: this.#open, idleMs };
  }

  /** Undefined: somebody is ready; else why nobody will be. */
  async #whenReady(): Promise<string | undefined> {
    if (this.#isReady) return undefined;
    const waiting = Promise.withResolvers<string | undefined>();
    const held: Held = { go: () => waiting.resolve(undefined), refuse: waiting.resolve };
    this.#held.add(held);
    const timeout = setTimeout(() => waiting.resolve('too late'), HELD_MS);
    const repeat = setInterval(() => this.#world.wake(this), REPEAT_MS);
    this.#world.wake(this);
    const refused = await waiting.promise;
    this.#held.delete(held);
    clearTimeout(timeout);
    clearInterval(repeat);
    return refused;
  }

  #tell(word: () => void): void {
    const arrived = this.#later(this.delayMs);
    this.#told = this.#told.then(() => arrived).then(word);
  }

  async #later(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
