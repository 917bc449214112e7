import { sameValue } from '@dproxy/core';
import type { Container } from './container.ts';
import type { Dialect, Offer } from './dialects/dialect.ts';
import { NamedOffers, offerKey } from './dialects/offers.ts';

/** By dialect. */
export type OffersByDialect = ReadonlyMap<string, readonly Offer[]>;

interface Owned {
  readonly container: Container;
  readonly offers: OffersByDialect;
}

const NONE: readonly Offer[] = [];

/** What the containers of one engine offer each other. Nothing is sorted before somebody reads. */
export class OfferBoard {
  readonly #owned = new Map<string, Owned>();
  readonly #lists = new Map<string, readonly Offer[]>();
  readonly #changed = new Map<string, Set<string>>();
  /** Dialects that look up by name. */
  readonly #named: ReadonlyMap<string, NamedOffers>;
  /** By dialect and name: the containers that have such an offer. */
  readonly #holders = new Map<string, Set<string>>();

  constructor(dialects: readonly Dialect[]) {
    const named = dialects.filter(({ asksOffersByName }) => asksOffersByName === true);
    this.#named = new Map(named.map(({ name }) => [name, new NamedOffers()]));
    for (const [name, { list }] of this.#named) this.#lists.set(name, list);
  }

  /** Up to date after `takeChanges`; the oldest container's first. */
  get lists(): OffersByDialect {
    return this.#lists;
  }

  put(container: Container, offers: OffersByDialect): void {
    const { id } = container;
    this.#note(id, this.#owned.get(id)?.offers, offers);
    if (offers.size === 0) this.#owned.delete(id);
    else this.#owned.set(id, { container, offers });
  }

  remove(id: string): void {
    this.#note(id, this.#owned.get(id)?.offers, undefined);
    this.#owned.delete(id);
  }

  /** By dialect: what was added, changed or taken away since the last call, as `offerKey`. */
  takeChanges(): ReadonlyMap<string, ReadonlySet<string>> {
    const changes = new Map(this.#changed);
    this.#changed.clear();
    for (const [dialect, keys] of changes) {
      const named = this.#named.get(dialect);
      if (named === undefined) this.#lists.set(dialect, this.#listOf(dialect));
      else for (const key of keys) named.set(key, this.#offersOf(dialect, key));
    }
    return changes;
  }

  #listOf(dialect: string): readonly Offer[] {
    return [...this.#owned.values()].sort(byAge).flatMap(({ offers }) => offers.get(dialect) ?? NONE);
  }

  #offersOf(dialect: string, key: string): readonly Offer[] {
    const holders = [...(this.#holders.get(`${dialect}\n${key}`) ?? [])].flatMap((id) => this.#owned.get(id) ?? []);
    return holders.sort(byAge).flatMap(({ offers }) => {
      const own = offers.get(dialect) ?? NONE;
      return own.filter(({ kind, name }) => offerKey(kind, name) === key);
    });
  }

  #note(id: string, before: OffersByDialect | undefined, after: OffersByDialect | undefined): void {
    for (const dialect of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
      const [left, right] = [before?.get(dialect) ?? NONE, after?.get(dialect) ?? NONE];
      if (sameValue(left, right)) continue;
      const changed = this.#changed.get(dialect) ?? new Set();
      this.#changed.set(dialect, changed);
      for (const { kind, name } of [...left, ...right]) changed.add(offerKey(kind, name));
      if (this.#named.has(dialect)) this.#hold(id, dialect, { left, right });
    }
  }

  #hold(id: string, dialect: string, { left, right }: { left: readonly Offer[]; right: readonly Offer[] }): void {
    for (const { kind, name } of left) {
      const key = `${dialect}\n${offerKey(kind, name)}`;
      const holders = this.#holders.get(key);
      holders?.delete(id);
      if (holders?.size === 0) this.#holders.delete(key);
    }
    for (const { kind, name } of right) {
      const key = `${dialect}\n${offerKey(kind, name)}`;
      const holders = this.#holders.get(key) ?? new Set();
      this.#holders.set(key, holders.add(id));
    }
  }
}

function byAge({ container: a }: Owned, { container: b }: Owned): number {
  return a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);
}
