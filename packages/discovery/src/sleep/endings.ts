import type { WakeMember } from '@dproxy/core';
import { isRunning } from './idle-judge.ts';
import type { SeenContainer } from '../wake/wake-engine.ts';

/** What an engine says of one container now; undefined: it is gone. */
export type EngineLook = (containerId: string) => Promise<Pick<SeenContainer, 'state' | 'startedMs'> | undefined>;

/** An engine tells of the end of a container in a blink. Where it does not, it is asked, as often as this. */
const SETTLE_MS = 10_000;
/** The same once somebody is about to start them: a pause that is over is told of by nobody who has missed that it began. */
const WANTED_MS = 1_000;

export interface EndingsOptions {
  readonly look: EngineLook;
  /** What the source says of all containers of the group. */
  readonly members: readonly WakeMember[];
  /** These go on after all. */
  readonly onGoingOn: (containerIds: readonly string[]) => void;
  /** The source is silent for long: whoever wants to start them need not wait any more. */
  readonly onOverdue: () => void;
  /** Nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/**
 * Runs of containers that an engine was asked to end, until the source has heard what became of them: before that the table would
 * call them ready, and requests be sent to what is down, or worse, paused, where they hang.
 */
export class Endings {
  readonly #options: EndingsOptions;
  /** Whether the engine said that it has done it. */
  readonly #asked = new Map<WakeMember, boolean>();
  readonly #settled = Promise.withResolvers<void>();
  #latest: readonly WakeMember[];
  /** All have been asked that will be. */
  #isWhole = false;
  #isOverdue = false;
  #isWanted = false;
  /** Ends the pause before the next look. */
  #hurry: (() => void) | undefined;

  constructor(options: EndingsOptions) {
    this.#options = options;
    this.#latest = options.members;
  }

  /** @param isDone false: it is not known whether the engine does it */
  add(member: WakeMember, isDone: boolean): void {
    this.#asked.set(member, isDone);
  }

  /** Ids of the containers. */
  get asked(): ReadonlySet<string> {
    return new Set(this.#asked.keys().map(({ containerId }) => containerId));
  }

  follow(members: readonly WakeMember[]): void {
    this.#latest = members;
    this.#check();
  }

  /** Somebody is about to start them. */
  want(): void {
    this.#isWanted = true;
    if (this.#isOverdue) this.#hurry?.();
  }

  /** Resolves when all is known that will be. @returns those that go on though nobody wanted them to */
  async settle(): Promise<readonly WakeMember[]> {
    this.#isWhole = true;
    this.#check();
    const goingOn: WakeMember[] = [];
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      if ((await this.#isSettledInTime()) || this.#options.signal.aborted) return goingOn;
      this.#isOverdue = true;
      // oxlint-disable-next-line no-await-in-loop -- see above
      const running = await this.#whoRuns();
      for (const member of running) this.#asked.delete(member);
      if (!this.#isWanted) goingOn.push(...running);
      if (running.length > 0) this.#options.onGoingOn(running.map(({ containerId }) => containerId));
      this.#options.onOverdue();
      this.#check();
    }
  }

  #check(): void {
    if (this.#isWhole && this.#haveEnded()) this.#settled.resolve();
  }

  async #isSettledInTime(): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    this.#hurry = () => late.resolve(false);
    const timer = setTimeout(this.#hurry, this.#isWanted && this.#isOverdue ? WANTED_MS : SETTLE_MS).unref();
    const isSettled = await Promise.race([this.#settled.promise.then(() => true), late.promise]);
    clearTimeout(timer);
    return isSettled;
  }

  /** None of the runs that were to end is told of any more; another run of the same container is somebody's new start. */
  #haveEnded(): boolean {
    const runs = new Set(this.#asked.keys().map(runOf));
    return !this.#latest.some((member) => isRunning(member) && runs.has(runOf(member)));
  }

  async #whoRuns(): Promise<readonly WakeMember[]> {
    const found = await Promise.all([...this.#asked].map(([member, isDone]) => this.#runs(member, isDone)));
    return [...this.#asked.keys()].filter((_, index) => found[index]);
  }

  /** An engine that has done it and is away now says nothing against that. */
  async #runs({ containerId, startedMs }: WakeMember, isDone: boolean): Promise<boolean> {
    try {
      const seen = await this.#options.look(containerId);
      return seen?.state === 'running' && seen.startedMs === startedMs;
    } catch {
      return !isDone;
    }
  }
}

export function runOf({ containerId, startedMs }: WakeMember): string {
  return `${containerId}@${startedMs}`;
}
