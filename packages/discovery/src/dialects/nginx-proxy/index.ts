import type { Dialect } from '../dialect.ts';
import { withDefaults, type NginxProxyOptions } from './options.ts';
import { offersOf } from './pattern-ranks.ts';
import { readContainer } from './read-container.ts';
import { readSites } from './read-sites.ts';
import { isOwnWord, isPublicClaim } from './words.ts';

export { type HtpasswdFiles, type NginxProxyOptions } from './options.ts';

/**
 * Variables and labels of nginx-proxy and acme-companion. What they mean is what nginx does with them: wildcards of any depth,
 * prefixes of characters, certificates of upstreams unverified. docs/from-nginx-proxy.md has the whole table.
 */
export function nginxProxy(options: NginxProxyOptions = {}): Dialect {
  const wide = withDefaults(options);
  return {
    name: 'nginxProxy',
    read: (input) => readContainer(input, wide),
    offers: (input) => offersOf(input, readSites(input.env)?.sites ?? []),
    isOwnWord,
    isPublicClaim,
  };
}
