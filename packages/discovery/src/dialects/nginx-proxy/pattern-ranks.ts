import type { DialectInput, Offer } from '../dialect.ts';
import type { Ranks } from './precedence.ts';
import type { Site } from './site.ts';

const SERVER_NAME = 'server name';
const LOCATION = 'location';

/** The patterns of one container: their order among all of them decides which is tried first. */
export function offersOf({ container }: Pick<DialectInput, 'container'>, sites: readonly Site[]): readonly Offer[] {
  const from = container.name;
  const offers = new Map<string, Offer>();
  for (const { name, location } of sites) {
    if (name.type === 'pattern') offers.set(`h${name.text}`, { kind: SERVER_NAME, name: name.text, value: null, from });
    if (location.type === 'pattern')
      offers.set(`p${location.text}`, { kind: LOCATION, name: location.text, value: null, from });
  }
  return [...offers.values()];
}

/** Lists of offers are immutable and shared by all containers of an engine: each is sorted once. */
const RANKS = new WeakMap<readonly Offer[], Ranks>();

export function ranksOf(offers: readonly Offer[]): Ranks {
  const known = RANKS.get(offers);
  if (known !== undefined) return known;
  const ranks = { serverNames: rank(offers, SERVER_NAME), locations: rank(offers, LOCATION) };
  RANKS.set(offers, ranks);
  return ranks;
}

function rank(offers: readonly Offer[], kind: string): ReadonlyMap<string, number> {
  const names = new Set(offers.filter((offer) => offer.kind === kind).map(({ name }) => name));
  return new Map([...names].sort().map((name, index) => [name, index]));
}
