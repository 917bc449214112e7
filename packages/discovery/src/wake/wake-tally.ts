import type { Log } from '@dproxy/core';

/** Why a request does not start a group, though it may be started by requests. */
export type WakeRefusal = 'client-budget' | 'group-budget' | 'total-budget' | 'crowded' | 'back-off' | 'by-hand';
/**
 * What became of a wake: the label `outcome` of a metric, so there are few. `partly`: some routes have nobody who is ready;
 * `unavailable`: its engine was away, or we end.
 */
export type WakeEnd = 'ready' | 'partly' | 'failed' | 'unavailable' | WakeRefusal;

export interface Refused {
  readonly group: string;
  readonly name: string;
  readonly client: string;
  readonly why: WakeRefusal;
}

export interface Ended {
  readonly group: string;
  readonly name: string;
  readonly state: 'awake' | 'partly' | 'failed' | 'refused';
  readonly tookMs: number;
  readonly reason: string;
  /** Routes that have nobody, while others have. */
  readonly unserved: readonly string[];
  /** Something had to be started. Who waits for what runs asks again and again. */
  readonly isStart: boolean;
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

const ENDS: Readonly<Record<Ended['state'], readonly [end: WakeEnd, level: 'info' | 'warn', message: string]>> = {
  awake: ['ready', 'info', 'a group is awake'],
  partly: ['partly', 'warn', 'a group runs, but some of its routes have nobody who is ready'],
  failed: ['failed', 'warn', 'a group could not be woken'],
  refused: ['unavailable', 'warn', 'a group was not woken'],
};

/** Counts what becomes of wakes, and writes it into the log. Of refusals the log gets one line for each group, reason and minute, however many ask. */
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

  ended({ group, name, state, tookMs, reason, unserved, isStart }: Ended): void {
    const [end, level, message] = ENDS[state];
    const isNews = isStart || state !== 'awake';
    if (isNews) this.#count(end);
    const routes = unserved.length === 0 ? {} : { unserved };
    this.#log[isNews ? level : 'debug']({ group, name, tookMs: Math.round(tookMs), reason, ...routes }, message);
  }

  refused({ group, name, client, why }: Refused): void {
    this.#count(why);
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

  #count(end: WakeEnd): void {
    this.#counts.set(end, (this.#counts.get(end) ?? 0) + 1);
  }
}
