import type { StatusCounts, Traffic } from '@dproxy/core';

/** Told to the primary: those with the most requests, as long as they fit a message (`WORKER_FRAME_BYTES`, two tables). */
const MAX_TOLD = 1_000;
const MAX_TOLD_BYTES = 400_000;
const ROW_BYTES = 240;

/** What a request or an attempt came to. */
export interface TrafficOutcome {
  /** 0: none. */
  readonly status: number;
  readonly isError: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Counts by id. Plain numbers in objects of one shape: counting costs a look-up and a few additions. */
export class TrafficTable {
  readonly #rows = new Map<string, Row>();

  begin(id: string): void {
    let row = this.#rows.get(id);
    if (row === undefined) {
      row = new Row();
      this.#rows.set(id, row);
    }
    row.active++;
  }

  /** Of something that has begun. */
  end(id: string, outcome: TrafficOutcome, totalMs: number): void {
    this.#rows.get(id)?.end(outcome, totalMs);
  }

  /** It went elsewhere before anything came of it: a wildcard candidate that the next one answers for. */
  leave(id: string): void {
    const row = this.#rows.get(id);
    if (row !== undefined) row.active--;
  }

  /** Forgets what is gone and no longer busy. */
  keep(isKnown: (id: string) => boolean): void {
    for (const [id, row] of this.#rows) if (row.active <= 0 && !isKnown(id)) this.#rows.delete(id);
  }

  read(): readonly Traffic[] {
    const all = [...this.#rows].map(([id, row]) => row.read(id));
    all.sort((a, b) => b.requests - a.requests || (a.id < b.id ? -1 : 1));
    let bytes = 0;
    const fits = all.findIndex(({ id }, index) => {
      bytes += ROW_BYTES + 3 * id.length;
      return index === MAX_TOLD || bytes > MAX_TOLD_BYTES;
    });
    return fits === -1 ? all : all.slice(0, fits);
  }
}

class Row {
  active = 0;
  #requests = 0;
  #errors = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #totalMs = 0;
  readonly #statuses: [number, number, number, number, number] = [0, 0, 0, 0, 0];

  end({ status, isError, bytesIn, bytesOut }: TrafficOutcome, totalMs: number): void {
    this.active--;
    this.#requests++;
    if (isError) this.#errors++;
    this.#bytesIn += bytesIn;
    this.#bytesOut += bytesOut;
    this.#totalMs += totalMs;
    const digit = Math.trunc(status / 100);
    if (digit >= 1 && digit <= 5) this.#statuses[(digit - 1) as 0 | 1 | 2 | 3 | 4]++;
  }

  read(id: string): Traffic {
    const statuses: StatusCounts = [...this.#statuses];
    return {
      id,
      active: Math.max(0, this.active),
      requests: this.#requests,
      statuses,
      errors: this.#errors,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      totalMs: Math.round(this.#totalMs),
    };
  }
}
