import type { IssueError, IssueProblem } from '../ports.ts';
import type { StateDocument } from './state-document.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Let's Encrypt's integration guide: after one minute, ten, a hundred, then once a day. */
const LADDER_MS = [MINUTE_MS, 10 * MINUTE_MS, 100 * MINUTE_MS, DAY_MS] as const;
/** An authority that says "in a year" has slipped; no limit that is known refills slower than in a week. */
const MAX_RETRY_AFTER_MS = 7 * DAY_MS;
/** Failures of names that nobody wants any more are forgotten. */
const KEEP_MS = 30 * DAY_MS;
const MAX_FAILURES = 10_000;

/** What is remembered of failed attempts for one order at one authority. */
export interface Failure {
  readonly key: string;
  /** `AcmeAuthority.name` */
  readonly authority: string;
  /** Attempts in a row. */
  readonly count: number;
  readonly atMs: number;
  /** Not before this. */
  readonly nextMs: number;
  readonly problem: IssueProblem;
  readonly message: string;
  readonly advice: string;
  /** Which settings failed; others get a new chance where these were the problem, or where trying costs nothing. */
  readonly settings: string;
  /** Our own check said no, and the authority was not asked. */
  readonly isUnasked: boolean;
}

export interface FailedAttempt {
  readonly key: string;
  readonly authority: string;
  readonly error: IssueError;
  /** Costs nobody anything and says at once when it is mended, so it never waits for a whole day. */
  readonly isFree: boolean;
  /** A fingerprint of those that it was made with: they may have changed meanwhile. */
  readonly settings: string;
}

/** Whether another authority may have more luck. It would look at the same wrong DNS, and our own bugs go with us. */
export function movesOn(problem: IssueProblem): boolean {
  switch (problem) {
    case 'unreachable':
    case 'rate-limited':
    case 'rejected':
    case 'misconfigured':
      return true;
    case 'unauthorized':
    case 'internal':
      return false;
  }
  return problem satisfies never;
}

/** The failure document, with what this primary has learned of it. */
export class Failures {
  readonly #document: StateDocument<readonly Failure[]>;
  readonly #random: () => number;
  /** As stored. */
  #all = new Map<string, Failure>();
  /** Of ours alone: refused here, or the disk refuses, as it will again after a restart. Stand before what is stored until they are over. */
  readonly #postponed = new Map<string, Failure>();
  #settings = '';

  constructor(document: StateDocument<readonly Failure[]>, random: () => number) {
    this.#document = document;
    this.#random = random;
  }

  /** What other settings could not do says nothing about these. @param settings a fingerprint */
  follow(settings: string): void {
    this.#settings = settings;
  }

  async load(): Promise<void> {
    this.#adopt(await this.#document.read());
  }

  of(key: string, authority: string): Failure | undefined {
    const id = idOf(key, authority);
    const failure = this.#postponed.get(id) ?? this.#all.get(id);
    const mayDiffer = failure?.problem === 'misconfigured' || failure?.isUnasked === true;
    return mayDiffer && failure.settings !== this.#settings ? undefined : failure;
  }

  /** The most recent one at any of these authorities. */
  latest(key: string, authorities: readonly string[]): Failure | undefined {
    const found = authorities.map((authority) => this.of(key, authority)).filter((failure) => failure !== undefined);
    return found.toSorted((a, b) => b.atMs - a.atMs)[0];
  }

  /** When the order may be tried at the first authority that takes it; 0: at once. */
  nextAttemptMs(key: string, authorities: readonly string[]): number {
    if (authorities.length === 0) return Number.POSITIVE_INFINITY;
    const latest = this.latest(key, authorities);
    if (latest === undefined) return 0;
    if (!movesOn(latest.problem)) return latest.nextMs;
    return Math.min(...authorities.map((authority) => this.of(key, authority)?.nextMs ?? 0));
  }

  /** @returns what is remembered now */
  async record(attempt: FailedAttempt, nowMs: number): Promise<Failure> {
    const { key, authority, error, isFree } = attempt;
    this.#postponed.delete(idOf(key, authority));
    return this.#change((all) => {
      const before = all.get(idOf(key, authority));
      const count = (before?.count ?? 0) + 1;
      const stepMs = isFree ? Math.min(ladderMs(count), LADDER_MS[2]) : ladderMs(count);
      // Up to a tenth later: whatever failed together shall not come again together.
      const delayMs = stepMs * (1 + 0.1 * this.#random());
      const failure = describe(attempt, count, nowMs);
      const retryAfterMs = Math.min(error.retryAfterMs, MAX_RETRY_AFTER_MS);
      const made = { ...failure, isUnasked: isFree, nextMs: nowMs + Math.round(Math.max(delayMs, retryAfterMs)) };
      all.set(idOf(key, authority), made);
      return made;
    });
  }

  /** The authority had no part in it: nothing climbs. */
  postpone(attempt: FailedAttempt, nowMs: number): Failure {
    const id = idOf(attempt.key, attempt.authority);
    const made = {
      ...describe(attempt, this.#all.get(id)?.count ?? 0, nowMs),
      nextMs: nowMs + attempt.error.retryAfterMs,
    };
    this.#postponed.set(id, made);
    return made;
  }

  /** It worked, or the operator wants it tried at once. */
  async forget(keys: readonly string[]): Promise<void> {
    const isMeant = new Set(keys);
    for (const [id, { key }] of this.#postponed) if (isMeant.has(key)) this.#postponed.delete(id);
    if (![...this.#all.values()].some(({ key }) => isMeant.has(key))) return;
    await this.#change((all) => {
      for (const [id, { key }] of all) if (isMeant.has(key)) all.delete(id);
    });
  }

  /** A clock that was ahead must not hold an order back for years: what lies in the future happened now. */
  settle(nowMs: number): void {
    for (const [id, failure] of this.#all) if (failure.atMs > nowMs) this.#all.set(id, movedTo(failure, nowMs));
    for (const [id, failure] of this.#postponed) {
      if (failure.nextMs <= nowMs) this.#postponed.delete(id);
      else if (failure.atMs > nowMs) this.#postponed.set(id, movedTo(failure, nowMs));
    }
  }

  async #change<R>(change: (all: Map<string, Failure>) => R): Promise<R> {
    let result: { readonly value: R } | undefined;
    const stored = await this.#document.update((before) => {
      const all = new Map(before.map((failure) => [idOf(failure.key, failure.authority), failure]));
      result = { value: change(all) };
      const newest = Math.max(0, ...[...all.values()].map(({ atMs }) => atMs));
      const kept = [...all.values()].filter(({ atMs }) => atMs > newest - KEEP_MS);
      const value = kept.toSorted((a, b) => b.atMs - a.atMs).slice(0, MAX_FAILURES);
      return { value, result: value };
    });
    this.#adopt(stored);
    if (result === undefined) throw new Error('a state document was not changed');
    return result.value;
  }

  /** What `settle` has moved is still in the file as it was. */
  #adopt(stored: readonly Failure[]): void {
    const before = this.#all;
    this.#all = new Map();
    for (const failure of stored) {
      const id = idOf(failure.key, failure.authority);
      const known = before.get(id);
      const isMoved = known !== undefined && known.atMs < failure.atMs && isSameAttempt(known, failure);
      this.#all.set(id, isMoved ? known : failure);
    }
  }
}

function describe({ key, authority, error, settings }: FailedAttempt, count: number, nowMs: number): Failure {
  const { problem, message, advice } = error;
  return { key, authority, count, atMs: nowMs, nextMs: nowMs, problem, message, advice, settings, isUnasked: false };
}

function isSameAttempt(a: Failure, b: Failure): boolean {
  return a.count === b.count && a.message === b.message && a.nextMs - a.atMs === b.nextMs - b.atMs;
}

function movedTo(failure: Failure, nowMs: number): Failure {
  return { ...failure, atMs: nowMs, nextMs: nowMs + (failure.nextMs - failure.atMs) };
}

/** @param stored what was read from the state folder: anything */
export function parseFailures(stored: unknown): readonly Failure[] {
  return Array.isArray(stored) ? stored.filter(isFailure) : [];
}

const PROBLEMS: ReadonlySet<unknown> = new Set<IssueProblem>([
  'unauthorized',
  'rate-limited',
  'unreachable',
  'rejected',
  'misconfigured',
  'internal',
]);

function isFailure(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null) return false;
  const { key, authority, count, atMs, nextMs, problem, message, advice, settings } = value as Partial<Failure>;
  const { isUnasked } = value as Partial<Failure>;
  const texts = [key, authority, message, advice, settings];
  const numbers = [count, atMs, nextMs];
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every(Number.isSafeInteger) &&
    PROBLEMS.has(problem) &&
    typeof isUnasked === 'boolean'
  );
}

function ladderMs(count: number): number {
  return LADDER_MS[Math.min(count, LADDER_MS.length) - 1] ?? MINUTE_MS;
}

function idOf(key: string, authority: string): string {
  return `${authority} ${key}`;
}
