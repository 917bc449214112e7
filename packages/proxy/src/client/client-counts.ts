import { clientKey } from './client-key.ts';

/** Open connections per client. */
export class ClientCounts {
  readonly #open = new Map<string, number>();

  /**
   * @param most 0: no limit
   * @returns what to call when it is closed, once; undefined when it is one too many
   */
  enter(address: string, most: number): (() => void) | undefined {
    const key = clientKey(address);
    const count = this.#open.get(key) ?? 0;
    if (most > 0 && count >= most) return undefined;
    this.#open.set(key, count + 1);
    return () => {
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left <= 0) this.#open.delete(key);
      else this.#open.set(key, left);
    };
  }
}
