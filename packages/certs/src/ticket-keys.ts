import { randomBytes } from 'node:crypto';

/** 16 bytes of name, 16 of HMAC key, 16 of AES key. */
const KEY_BYTES = 48;
const ROTATE_MS = 12 * 60 * 60 * 1_000;

export interface TicketKeysOptions {
  readonly nowMs: () => number;
  /** Gets the keys, newest first, at once and after each rotation. */
  readonly publish: (keys: readonly Uint8Array[]) => void;
}

/**
 * The keys that TLS session tickets are made with, the same in all workers. Whoever has one can read every session that was
 * recorded under it (a TLS 1.2 ticket holds the session's secret), so they are never written down and live for two rotations:
 * twelve hours for new tickets, twelve more for old ones.
 */
export class TicketKeys {
  readonly #options: TicketKeysOptions;
  #current: Uint8Array = randomBytes(KEY_BYTES);
  #sinceMs: number;

  constructor(options: TicketKeysOptions) {
    this.#options = options;
    this.#sinceMs = options.nowMs();
    options.publish([this.#current]);
  }

  /** To be called now and then, at least once an hour: rotates when it is time. */
  refresh(): void {
    const nowMs = this.#options.nowMs();
    const ageMs = nowMs - this.#sinceMs;
    // A clock that was set back has no say in how long a key lives.
    if (ageMs >= 0 && ageMs < ROTATE_MS) return;
    const previous = this.#current;
    this.#current = randomBytes(KEY_BYTES);
    this.#sinceMs = nowMs;
    // A machine that slept through two rotations has no use for the one before.
    this.#options.publish(ageMs >= 2 * ROTATE_MS ? [this.#current] : [this.#current, previous]);
  }
}
