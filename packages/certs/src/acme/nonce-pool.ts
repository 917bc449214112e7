/** More than this are never in flight; an authority forgets old ones. */
const MAX_NONCES = 16;
/** Boulder keeps them for less than ten minutes. */
const MAX_AGE_MS = 300_000;

/** RFC 8555 section 6.5: every answer brings a nonce for the next request, so that `newNonce` is asked once, not each time. */
export class NoncePool {
  readonly #nonces: { readonly value: string; readonly takenMs: number }[] = [];

  put(value: string, nowMs: number): void {
    this.#nonces.push({ value, takenMs: nowMs });
    if (this.#nonces.length > MAX_NONCES) this.#nonces.shift();
  }

  /** The youngest; undefined: none that can still be good. */
  take(nowMs: number): string | undefined {
    const youngest = this.#nonces.pop();
    if (youngest !== undefined && nowMs - youngest.takenMs < MAX_AGE_MS) return youngest.value;
    this.#nonces.length = 0;
    return undefined;
  }
}
