import { TokenBuckets, type WakeGroup, type WakeProgress } from '@dproxy/core';
import { clientKey } from '../client/client-key.ts';
import { Deadline, type DeadlineWheel } from '../deadline-wheel.ts';

/** How a start has ended is known for so long: it says less and less of what the next one will do. */
const ENDED_MS = 10_000;
/** The primary may have begun anew meanwhile: it is told again while anybody waits, and no more often. */
const REPEAT_MS = 1_000;
/** The same after it was awake. */
const AGAIN_MS = 50;

/**
 * Words of one client, for all groups: the primary hears 200 a second of a worker, and who asks for thousands of groups must not
 * take those of everybody else. What is not told now is told when it is asked for again.
 */
const CLIENT_RATE = { average: 32, periodMs: 1_000, burst: 64 };

export interface WakeCallsOptions {
  readonly wheel: DeadlineWheel;
  /** @param client as `clientKey` makes it: for the primary's budgets */
  readonly onWake: (group: string, client: string) => void;
  /** Of who waits for the group longest; undefined: nobody does. */
  readonly whoWaits: (group: string) => string | undefined;
}

type Listener = (progress: WakeProgress) => void;

/** Tells the primary for which groups somebody waits, and hears from it what becomes of them. */
export class WakeCalls {
  readonly #options: WakeCallsOptions;
  readonly #clients = new TokenBuckets(CLIENT_RATE);
  readonly #calledMs = new Map<string, number>();
  readonly #repeats = new Map<string, Deadline>();
  readonly #said = new Map<string, { readonly progress: WakeProgress; readonly toldMs: number }>();
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(options: WakeCallsOptions) {
    this.#options = options;
  }

  progressOf(group: string): WakeProgress | undefined {
    const said = this.#said.get(group);
    if (said === undefined || said.progress.state === 'waking') return said?.progress;
    return performance.now() - said.toldMs < ENDED_MS ? said.progress : undefined;
  }

  /** @returns what ends the listening */
  onProgress(group: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(group) ?? new Set();
    this.#listeners.set(group, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(group) === listeners) this.#listeners.delete(group);
    };
  }

  /**
   * Somebody wants it awake; told at most once a second. Who waits longest is named: a client whose budget is spent could be the
   * first to ask in every second, and nobody else would ever be heard.
   */
  wake(group: string, client: string): void {
    const nowMs = performance.now();
    const calledMs = this.#calledMs.get(group);
    const isDue = calledMs === undefined || nowMs - calledMs >= REPEAT_MS;
    if (isDue) this.#call(group, clientKey(this.#options.whoWaits(group) ?? client), nowMs);
    this.#repeat(group);
  }

  told(progress: WakeProgress): void {
    // What sleeps again has to be said again, soon.
    if (progress.state === 'awake') this.#calledMs.set(progress.group, performance.now() - REPEAT_MS + AGAIN_MS);
    this.#said.set(progress.group, { progress, toldMs: performance.now() });
    for (const listener of this.#listeners.get(progress.group) ?? []) listener(progress);
  }

  follow(groups: ReadonlyMap<string, WakeGroup>): void {
    for (const id of this.#said.keys()) if (!groups.has(id)) this.#said.delete(id);
    for (const id of this.#calledMs.keys()) if (!groups.has(id)) this.#calledMs.delete(id);
  }

  dispose(): void {
    for (const deadline of this.#repeats.values()) deadline.dispose();
    this.#repeats.clear();
    this.#listeners.clear();
  }

  /** The word on a start that is over says nothing of the next one. */
  #call(group: string, client: string, nowMs: number): void {
    if (this.#clients.take(client, nowMs) > 0) return;
    this.#calledMs.set(group, nowMs);
    if (this.#said.get(group)?.progress.state !== 'waking') this.#said.delete(group);
    this.#options.onWake(group, client);
  }

  #repeat(group: string): void {
    if (this.#repeats.has(group) || this.#options.whoWaits(group) === undefined) return;
    const deadline = new Deadline(this.#options.wheel, { onDeadline: () => this.#again(group) });
    this.#repeats.set(group, deadline);
    deadline.set(REPEAT_MS);
  }

  #again(group: string): void {
    this.#repeats.delete(group);
    const client = this.#options.whoWaits(group);
    if (client !== undefined) this.wake(group, client);
  }
}
