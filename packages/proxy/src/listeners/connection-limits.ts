import { clientKey } from '../client/client-key.ts';

/** Counts open client connections, in all and per client. */
export class ConnectionLimits {
  readonly #perClient = new Map<string, number>();
  #open = 0;

  get open(): number {
    return this.#open;
  }

  /** @returns what to call when the connection is closed, once; undefined when it is one too many */
  admit(address: string, limits: { readonly all: number; readonly perClient: number }): (() => void) | undefined {
    const key = clientKey(address);
    const count = this.#perClient.get(key) ?? 0;
    if (this.#open >= limits.all || count >= limits.perClient) return undefined;
    this.#open++;
    this.#perClient.set(key, count + 1);
    return () => this.#leave(key);
  }

  #leave(key: string): void {
    this.#open--;
    const count = this.#perClient.get(key) ?? 1;
    if (count <= 1) this.#perClient.delete(key);
    else this.#perClient.set(key, count - 1);
  }
}
