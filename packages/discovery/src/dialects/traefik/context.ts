import type { DialectInput } from '../dialect.ts';
import type { TraefikLabels } from './labels.ts';
import type { MiddlewareFinder } from './middleware.ts';
import type { Offers } from './offers.ts';
import type { TraefikSettings } from './options.ts';

/** What is known while one container is read. */
export interface ReadContext {
  readonly input: DialectInput;
  readonly settings: TraefikSettings;
  readonly labels: TraefikLabels;
  readonly configured: TraefikLabels;
  readonly offers: Offers;
  readonly network: string | undefined;
}

export function finderOf({ offers, configured }: ReadContext): MiddlewareFinder {
  const findConfigured = (name: string) => {
    const named = configured.http.middlewares.get(name);
    return named === undefined ? undefined : { named, from: '' };
  };
  return {
    find: (name) => {
      const offered = offers.winner('http-middleware', name);
      const said = findConfigured(name);
      // The operator's word comes before that of strangers.
      if (offered === undefined || (said !== undefined && !offers.isOwn(offered))) return said;
      return { named: offered, from: offered.from, clash: offers.clash('http-middleware', name) };
    },
    findConfigured,
  };
}
