/** How often something may happen: `average` times in `periodMs`, and up to `burst` at once. */
export interface TokenRate {
  /** At least 1. */
  readonly average: number;
  readonly periodMs: number;
  /** At least 1. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Keys that are kept; those that were used longest ago go first, and begin anew with a full bucket. */
const MAX_KEYS = 65_536;
/** Keys of which others are told in one go. */
const MAX_SPENT = 1_024;

/**
 * A token bucket per key. Memory is bounded and follows what is used: two generations, of which the older is dropped when the
 * younger is full, or so old that every bucket in the older has filled again, and a full one is as good as none.
 *
 *     take --> young --full, or fullMs old--> old --likewise--> gone
 *               ^----------- taken again ------/
 */
export class TokenBuckets {
  readonly #rate: TokenRate;
  readonly #perMs: number;
  readonly #fullMs: number;
  readonly #maxKeys: number;
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();
  #bornMs = 0;
  #spent = new Map<string, number>();

  constructor(rate: TokenRate, maxKeys = MAX_KEYS) {
    this.#rate = rate;
    this.#perMs = rate.average / rate.periodMs;
    this.#fullMs = (2 * rate.burst) / this.#perMs;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** @returns 0 when it may happen now, else the milliseconds until it might */
  take(key: string, nowMs: number): number {
    const bucket = this.#bucket(key, nowMs);
    // A grain less than one is one: 0.1 taken ten times out of 1 leaves 0.9999999999999999.
    if (bucket.tokens < 1 - 1e-9) return Math.max(1, Math.ceil((1 - bucket.tokens) / this.#perMs - 1e-6));
    bucket.tokens -= 1;
    if (this.#spent.size < MAX_SPENT || this.#spent.has(key)) {
      this.#spent.set(key, (this.#spent.get(key) ?? 0) + 1);
    }
    return 0;
  }

  /** It happened elsewhere. The debt is bounded, as what others say must not lock a key out for longer than a full bucket. */
  spend(key: string, times: number, nowMs: number): void {
    const bucket = this.#bucket(key, nowMs);
    bucket.tokens = Math.max(-this.#rate.burst, bucket.tokens - times);
  }

  /** What was taken here since the last call, to be told to others: at most 1,024 keys. */
  takeSpent(): ReadonlyMap<string, number> {
    const spent = this.#spent;
    if (spent.size > 0) this.#spent = new Map();
    return spent;
  }

  #bucket(key: string, nowMs: number): Bucket {
    if (this.#young.size >= this.#maxKeys / 2 || nowMs - this.#bornMs >= this.#fullMs) this.#age(nowMs);
    let bucket = this.#young.get(key);
    if (bucket === undefined) {
      bucket = this.#old.get(key) ?? { tokens: this.#rate.burst, atMs: nowMs };
      this.#old.delete(key);
      this.#young.set(key, bucket);
    }
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * this.#perMs);
    bucket.atMs = nowMs;
    return bucket;
  }

  #age(nowMs: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#bornMs = nowMs;
  }
}
