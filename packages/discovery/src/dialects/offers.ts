import type { Offer } from './dialect.ts';

/** Where a dialect's offers come from remembers what was asked for. */
interface Index {
  readonly byName: Map<string, readonly Offer[]>;
  asked: Set<string> | undefined;
}

/** Lists are immutable and live as long as nothing that containers offer changes: each is indexed once. */
const INDEXES = new WeakMap<readonly Offer[], Index>();

/**
 * The offers of this kind and name, the oldest container's first. A scan of the whole list for each of 100,000 containers would
 * be quadratic; this is a lookup.
 */
export function offersNamed(offers: readonly Offer[], kind: string, name: string): readonly Offer[] {
  const index = indexOf(offers);
  const key = offerKey(kind, name);
  index.asked?.add(key);
  return index.byName.get(key) ?? [];
}

/** Runs `read` and tells which offers it looked up by name. */
export function noteAsked<T>(
  offers: readonly Offer[],
  read: () => T,
): { readonly value: T; readonly asked: Set<string> } {
  const index = indexOf(offers);
  const outer = index.asked;
  const asked = new Set<string>();
  index.asked = asked;
  try {
    return { value: read(), asked };
  } finally {
    index.asked = outer;
  }
}

export function offerKey(kind: string, name: string): string {
  return `${kind}\n${name}`;
}

function indexOf(offers: readonly Offer[]): Index {
  const known = INDEXES.get(offers);
  if (known !== undefined) return known;
  const byName = new Map(Map.groupBy(offers, ({ kind, name }) => offerKey(kind, name)));
  const index: Index = { byName, asked: undefined };
  INDEXES.set(offers, index);
  return index;
}

/**
 * The offers of a dialect that only looks them up by name. Where 100,000 containers offer something, neither the list nor its
 * index is made anew for each event; only the names that changed are.
 */
export class NamedOffers {
  /** What `offersNamed` takes. Itself empty. */
  readonly list: readonly Offer[] = [];
  readonly #index: Index = { byName: new Map(), asked: undefined };

  constructor() {
    INDEXES.set(this.list, this.#index);
  }

  /** @param key as `offerKey` gives it */
  set(key: string, offers: readonly Offer[]): void {
    if (offers.length === 0) this.#index.byName.delete(key);
    else this.#index.byName.set(key, offers);
  }
}
