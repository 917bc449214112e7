import type { Log } from '@dproxy/core';

/** Why a request does not start a group, though it may be started by requests. */
export type WakeRefusal = 'client-budget' | 'group-budget' | 'total-budget' | 'crowded' | 'back-off' | 'by-hand';
/** What became of a wake: the label `outcome` of a metric, so there are few. `unavailable`: its engine was away, or we end. */
export type WakeEnd = 'ready' | 'failed' | 'unavailable' | WakeRefusal;

export interface Refused {
  readonly group: string;
  readonly name: string;
  readonly client: string;
  readonly why: WakeRefusal;
}

interface Line {
  readonly loggedMs: number;
  /** Since then. */
  readonly untold: number;
}

const LINE_MS = 60_000;
/** The least recent go first: they are told once more at worst. */
const MAX_LINES = 1_024;
/** What a refusal says to who reads the log, and whether it is trouble: a failure has had its own line. */
const WORDS: Readonly<Record<WakeRefusal, readonly [level: 'warn' | 'info' | 'debug', reason: string]>> = {
  'client-budget': ['warn', 'this client has caused too many: wake.budget.clientPerMinute'],
  'group-budget': ['warn', 'it is woken too often: a quarter of wake.budget.perMinute'],
  'total-budget': ['warn', 'too many groups are woken: wake.budget.perMinute'],
  crowded: ['warn', 'too much is being started at the moment: wake.budget.concurrent'],
  'back-off': ['debug', 'it has failed a moment ago'],
  'by-hand': ['info', 'it was stopped by hand: wake.afterManualStop'],
};

/** Counts what becomes of wakes. Of refusals the log gets one line for each group, reason and minute, however many ask. */
export class WakeTally {
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #counts = new Map<WakeEnd, number>();
  readonly #lines = new Map<string, Line>();

  constructor({ log, nowMs }: { readonly log: Log; readonly nowMs: () => number }) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** Since the start; what has not happened is absent. */
  get counts(): ReadonlyMap<WakeEnd, number> {
    return this.#counts;
  }

  ended(end: WakeEnd): void {
    this.#counts.set(end, (this.#counts.get(end) ?? 0) + 1);
  }

  refused({ group, name, client, why }: Refused): void {
    this.ended(why);
    const key = `${why} ${group}`;
    const line = this.#lines.get(key);
    const nowMs = this.#nowMs();
    if (line !== undefined && nowMs < line.loggedMs + LINE_MS) {
      this.#lines.set(key, { ...line, untold: line.untold + 1 });
      return;
    }
    this.#lines.delete(key);
    this.#lines.set(key, { loggedMs: nowMs, untold: 0 });
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > MAX_LINES && oldest !== undefined) this.#lines.delete(oldest);
    const [level, reason] = WORDS[why];
    const before = line === undefined || line.untold === 0 ? {} : { untold: line.untold };
    this.#log[level]({ group, name, client, reason, ...before }, 'a request does not wake a group');
  }
}
