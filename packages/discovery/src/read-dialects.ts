import type { Container } from './container.ts';
import type { Dialect, DialectReading, Offer } from './dialects/dialect.ts';
import { noteAsked } from './dialects/offers.ts';
import type { CountedWords } from './image-words.ts';

export interface ReadingFacts {
  /** In the order in which they hold. */
  readonly dialects: readonly Dialect[];
  /** Ids of the listeners that the settings name. */
  readonly listeners: ReadonlySet<string>;
  /** By dialect: what the containers of the engine offer. */
  readonly offers: ReadonlyMap<string, readonly Offer[]>;
  /** As in `DiscoverySettings`. */
  readonly isOwnedByProject?: boolean;
}

/** What one dialect makes of one container. */
export interface Reading extends DialectReading {
  readonly dialect: string;
  /** Offers that it looked up by name (`offerKey`), there or not. */
  readonly asked: ReadonlySet<string>;
}

const NO_OFFERS: readonly Offer[] = [];

export function readDialects(container: Container, words: CountedWords, facts: ReadingFacts): readonly Reading[] {
  return words.spoken.map((dialect) => readOne(dialect, container, words, facts));
}

function readOne(
  dialect: Dialect,
  container: Container,
  { labels, env }: CountedWords,
  { listeners, offers: all, isOwnedByProject = false }: ReadingFacts,
): Reading {
  const offers = all.get(dialect.name) ?? NO_OFFERS;
  const { value, asked } = noteAsked(offers, () => {
    try {
      return dialect.read({ container, labels, env, offers, listeners, isOwnedByProject });
    } catch (error) {
      return broken(dialect, error);
    }
  });
  return { ...value, dialect: dialect.name, asked };
}

/** A defect of ours that one container's words bring out: that container alone pays for it, and everybody is told. */
function broken({ name }: Dialect, error: unknown): DialectReading {
  const reason = error instanceof Error ? error.message : String(error);
  const problem = {
    message: `what it says in the dialect ${name} cannot be read: ${reason.slice(0, 200)}`,
    expected: `words that dproxy understands, or docker: {dialects: {${name}: false}}`,
  };
  return { enable: undefined, network: undefined, services: [], streams: [], isSilent: false, problems: [problem] };
}

/** By dialect: what this container lets others use. A container that is hidden from all offers nothing. */
export function offersOf(
  container: Container,
  { labels, env, spoken }: CountedWords,
  listeners: ReadingFacts['listeners'],
): ReadonlyMap<string, readonly Offer[]> {
  const found = new Map<string, readonly Offer[]>();
  for (const dialect of spoken) {
    if (dialect.offers === undefined) continue;
    const offers = offersOrNone(() => dialect.offers?.({ container, labels, env, listeners }) ?? NO_OFFERS);
    if (offers.length > 0) found.set(dialect.name, offers);
  }
  const native = found.size === 0 ? undefined : spoken.find(({ name }) => name === 'native');
  const isHidden = native?.read({ container, labels, env, offers: NO_OFFERS, listeners }).enable === false;
  return isHidden ? new Map() : found;
}

/** `read` meets the same words and reports what is wrong with them; here it is enough that nothing is offered. */
function offersOrNone(make: () => readonly Offer[]): readonly Offer[] {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) return NO_OFFERS;
    throw error;
  }
}
