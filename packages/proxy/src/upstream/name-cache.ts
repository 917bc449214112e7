import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** How long an answer is served; the system resolver does not tell how long it may be. */
const FRESH_MS = 10_000;
/** How long an old answer is served while a new one cannot be had. */
const STALE_MS = 300_000;
/** Names are those of backends, so there are few; this only bounds a configuration that never ends. */
const MAX_NAMES = 10_000;

interface Entry {
  addresses: readonly LookupAddress[];
  resolvedMs: number;
  pending: Promise<readonly LookupAddress[]> | undefined;
}

/**
 * Names of backends, resolved once and kept, both families. A look-up per connection would wait on one of four threads
 * that all look-ups of the process share. A name that stops resolving keeps its last addresses for five minutes.
 */
export class NameCache {
  readonly #entries = new Map<string, Entry>();
  readonly #nowMs: () => number;
  readonly #resolveName: (name: string) => Promise<readonly LookupAddress[]>;

  /** @param resolveName asks the system, or whoever knows */
  constructor(nowMs: () => number = () => performance.now(), resolveName = lookupAll) {
    this.#nowMs = nowMs;
    this.#resolveName = resolveName;
  }

  /** For the `lookup` option of `net.connect`, which tries the families in turn (RFC 8305). */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    void this.#answer(hostname, options.all === true, callback);
  };

  async resolve(name: string): Promise<readonly LookupAddress[]> {
    const entry = this.#entryOf(name);
    const age = this.#nowMs() - entry.resolvedMs;
    if (entry.addresses.length > 0 && age < FRESH_MS) return entry.addresses;
    entry.pending ??= this.#refresh(name, entry);
    if (entry.addresses.length === 0 || age >= STALE_MS) return entry.pending;
    // Served stale; a failure is met by whoever asks when nothing is left to serve.
    entry.pending.catch(() => undefined);
    return entry.addresses;
  }

  async #answer(name: string, isAll: boolean, callback: Parameters<LookupFunction>[2]): Promise<void> {
    let addresses: readonly LookupAddress[];
    try {
      addresses = await this.resolve(name);
    } catch (error) {
      callback(error as NodeJS.ErrnoException, '', 4);
      return;
    }
    const [first] = addresses;
    if (isAll) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  }

  #entryOf(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      if (this.#entries.size >= MAX_NAMES) this.#entries.clear();
      entry = { addresses: [], resolvedMs: 0, pending: undefined };
      this.#entries.set(name, entry);
    }
    return entry;
  }

  async #refresh(name: string, entry: Entry): Promise<readonly LookupAddress[]> {
    try {
      const addresses = await this.#resolveName(name);
      // Sockets take it for granted that there is one.
      if (addresses.length === 0) throw Object.assign(new Error(`${name} has no address`), { code: 'ENODATA' });
      entry.addresses = addresses;
      entry.resolvedMs = this.#nowMs();
      return entry.addresses;
    } finally {
      entry.pending = undefined;
    }
  }
}

function lookupAll(name: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}
