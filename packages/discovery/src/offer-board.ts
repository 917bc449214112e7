import { sameValue } from '@dproxy/core';
import type { Container } from './container.ts';
import type { Offer } from './dialects/dialect.ts';
import { offerKey } from './dialects/offers.ts';

/** By dialect. */
export type OffersByDialect = ReadonlyMap<string, readonly Offer[]>;

interface Owned {
  readonly container: Container;
  readonly offers: OffersByDialect;
}

const NONE: readonly Offer[] = [];

/** What the containers of one engine offer each other. Lists are made when they are read, not for each container. */
export class OfferBoard {
  readonly #owned = new Map<string, Owned>();
  readonly #lists = new Map<string, readonly Offer[]>();
  readonly #changed = new Map<string, Set<string>>();

  /** Up to date after `takeChanges`; the oldest container's first. */
  get lists(): OffersByDialect {
    return this.#lists;
  }

  put(container: Container, offers: OffersByDialect): void {
    const before = this.#owned.get(container.id)?.offers;
    this.#note(before, offers);
    if (offers.size === 0) this.#owned.delete(container.id);
    else this.#owned.set(container.id, { container, offers });
  }

  remove(id: string): void {
    this.#note(this.#owned.get(id)?.offers, undefined);
    this.#owned.delete(id);
  }

  /** By dialect: what was added, changed or taken away since the last call, as `offerKey`. */
  takeChanges(): ReadonlyMap<string, ReadonlySet<string>> {
    const changed = new Map(this.#changed);
    this.#changed.clear();
    if (changed.size === 0) return changed;
    const owned = [...this.#owned.values()].sort(byAge);
    for (const dialect of changed.keys()) {
      this.#lists.set(
        dialect,
        owned.flatMap(({ offers }) => offers.get(dialect) ?? NONE),
      );
    }
    return changed;
  }

  #note(before: OffersByDialect | undefined, after: OffersByDialect | undefined): void {
    for (const dialect of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
      const [left, right] = [before?.get(dialect) ?? NONE, after?.get(dialect) ?? NONE];
      if (sameValue(left, right)) continue;
      const keys = this.#changed.get(dialect) ?? new Set();
      this.#changed.set(dialect, keys);
      for (const { kind, name } of [...left, ...right]) keys.add(offerKey(kind, name));
    }
  }
}

function byAge({ container: a }: Owned, { container: b }: Owned): number {
  return a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);
}
