import type { BreakerFacts } from './circuit-breaker-expression.ts';

const SLOTS = 10;
const SLOT_MS = 1_000;
/** Parts of each doubling: a latency is known to within 3 %. */
const PARTS = 32;
/** From 1 ms to 2^22 ms, more than an hour. */
const DOUBLINGS = 22;

class Slot {
  /** Which second of the clock it holds; -1: none. */
  second = -1;
  requests = 0;
  networkErrors = 0;
  readonly statuses = new Map<number, number>();
  readonly latencies: Uint32Array | undefined;

  constructor(keepsLatency: boolean) {
    this.latencies = keepsLatency ? new Uint32Array(PARTS * DOUBLINGS) : undefined;
  }

  clear(second: number): void {
    this.second = second;
    this.requests = 0;
    this.networkErrors = 0;
    this.statuses.clear();
    this.latencies?.fill(0);
  }
}

/** What happened in the last ten seconds, second by second, in constant memory (30 kB with latencies, else next to none). */
export class BreakerWindow {
  readonly #slots: readonly Slot[];

  /** @param keepsLatency whether `latencyMs` will be asked */
  constructor(keepsLatency: boolean) {
    this.#slots = Array.from({ length: SLOTS }, () => new Slot(keepsLatency));
  }

  /** @param status 0: there was no answer */
  add(status: number, latencyMs: number, nowMs: number): void {
    const second = Math.floor(nowMs / SLOT_MS);
    const slot = this.#slots[second % SLOTS];
    if (slot === undefined) return;
    if (slot.second !== second) slot.clear(second);
    slot.requests++;
    if (status === 0 || status === 502 || status === 504) slot.networkErrors++;
    if (status !== 0) slot.statuses.set(status, (slot.statuses.get(status) ?? 0) + 1);
    const bin = binOf(latencyMs);
    if (slot.latencies !== undefined) slot.latencies[bin] = (slot.latencies[bin] ?? 0) + 1;
  }

  clear(): void {
    for (const slot of this.#slots) slot.clear(-1);
  }

  facts(nowMs: number): BreakerFacts {
    const second = Math.floor(nowMs / SLOT_MS);
    const slots = this.#slots.filter((slot) => slot.second >= 0 && slot.second > second - SLOTS);
    const requests = sum(slots, (slot) => slot.requests);
    return {
      requests,
      networkErrorRatio: requests === 0 ? 0 : sum(slots, (slot) => slot.networkErrors) / requests,
      answersWith: (from, to) => sum(slots, (slot) => answersWith(slot, from, to)),
      latencyMs: (quantile) => latencyAt(slots, (requests * quantile) / 100),
    };
  }
}

function answersWith({ statuses }: Slot, from: number, to: number): number {
  let count = 0;
  for (const [status, times] of statuses) if (status >= from && status < to) count += times;
  return count;
}

function latencyAt(slots: readonly Slot[], rank: number): number {
  let seen = 0;
  for (let bin = 0; bin < PARTS * DOUBLINGS; bin++) {
    const here = sum(slots, (slot) => slot.latencies?.[bin] ?? 0);
    seen += here;
    if (here > 0 && seen >= rank) return latencyOf(bin);
  }
  return 0;
}

/** The k-th part of the doubling that begins at 2^n ms. */
function binOf(latencyMs: number): number {
  if (latencyMs <= 1) return 0;
  const doubling = Math.min(DOUBLINGS - 1, Math.floor(Math.log2(latencyMs)));
  const part = Math.min(PARTS - 1, Math.floor((latencyMs / 2 ** doubling - 1) * PARTS));
  return doubling * PARTS + part;
}

/** The middle of what a bin holds. */
function latencyOf(bin: number): number {
  if (bin === 0) return 1;
  return 2 ** Math.floor(bin / PARTS) * (1 + ((bin % PARTS) + 0.5) / PARTS);
}

function sum(slots: readonly Slot[], of: (slot: Slot) => number): number {
  return slots.reduce((total, slot) => total + of(slot), 0);
}
