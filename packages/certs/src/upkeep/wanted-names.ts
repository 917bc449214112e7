import { isAddressHost, type Route } from '@dproxy/core';
import type { AcmeSettings } from '@dproxy/config';
import { isPublicAuthority, takesAddresses } from './authority-limits.ts';
import { isNameCovering } from '../covering-names.ts';

/** A name that was asked for, and gets no order as things are. */
export interface UnorderableName {
  readonly name: string;
  readonly problem: string;
  readonly advice: string;
}

/** A name that clients ask for over TLS which ends here, and what its route says of certificates. */
export type RoutedName = Pick<Route, 'host' | 'audience' | 'https'>;

export interface WantedNames {
  /** As an authority takes them: addresses without brackets. In the order of the routes. */
  readonly names: readonly string[];
  readonly unorderable: readonly UnorderableName[];
}

/** RFC 6761, RFC 8375's parent and what people use at home: nobody can prove that such a name is theirs. */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'test', 'invalid'];

/** A routed name that the whole internet may know (contract: `acme.hosts: auto`). */
export function isPublicName(host: string): boolean {
  const name = host.startsWith('*.') ? host.slice(2) : host;
  if (!name.includes('.') || isAddressHost(host)) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
}

/** Which names a certificate authority shall be asked for. Whether one is needed is another question. */
export function wantedNames(routes: Iterable<RoutedName>, settings: AcmeSettings): WantedNames {
  const wishes = readWishes(routes);
  const names = new Set<string>();
  const unorderable = new Map<string, UnorderableName>();
  const consider = (host: string, isExplicit: boolean): void => {
    const name = host.startsWith('[') ? host.slice(1, -1) : host;
    const obstacle = findObstacle(host, settings);
    if (obstacle === undefined) names.add(name);
    // Of what nobody asked for by name, an underscore is not worth a word for each container.
    else if (isExplicit || !host.includes('_')) unorderable.set(name, { name, ...obstacle });
  };
  for (const [host, wish] of wishes) {
    if (wish === 'acme') consider(host, true);
    else if (wish === 'default' && settings.hosts === 'auto' && isPublicName(host)) consider(host, false);
  }
  if (settings.hosts !== 'auto') {
    for (const host of settings.hosts) {
      if (isRouted(host, wishes)) consider(host, true);
      else unorderable.set(host, { name: host, ...UNROUTED });
    }
  }
  return { names: [...names], unorderable: [...unorderable.values()] };
}

const UNROUTED = {
  problem: 'acme.hosts lists it, but no route has it',
  advice: 'start its container or add its route, and it is ordered by itself; or take it out of acme.hosts',
};

type Wish = 'default' | 'acme' | 'none';

/** One wish per host; of several paths of a host `acme` beats `none` beats `default`. */
function readWishes(routes: Iterable<RoutedName>): ReadonlyMap<string, Wish> {
  const rank = { acme: 2, none: 1, default: 0 };
  const wishes = new Map<string, Wish>();
  for (const { host, audience, https } of routes) {
    // `*` is every host: no name that an order could have.
    if (audience !== 'everyone' || host === '*') continue;
    const before = wishes.get(host);
    if (before === undefined || rank[https.certificate] > rank[before]) wishes.set(host, https.certificate);
  }
  return wishes;
}

/** A listed wildcard is for the routed names right below it, even where no route has the wildcard itself. */
function isRouted(listed: string, wishes: ReadonlyMap<string, Wish>): boolean {
  const wish = wishes.get(listed);
  if (wish !== undefined) return wish !== 'none';
  if (!listed.startsWith('*.')) return false;
  for (const [host, itsWish] of wishes) if (itsWish !== 'none' && isNameCovering(listed, host)) return true;
  return false;
}

/** Why no order is possible, whoever asks. */
function findObstacle(host: string, settings: AcmeSettings): Omit<UnorderableName, 'name'> | undefined {
  if (isAddressHost(host)) return findAddressObstacle(settings);
  if (host.includes('_')) {
    return {
      problem: 'no authority issues for a name with "_"',
      advice: 'give the site a name without "_"; a container answers with "-" in its place, too',
    };
  }
  if (!isPublicName(host) && settings.authorities.every(isPublicAuthority)) {
    return {
      problem: 'it is no public name, and the configured authority issues only for public ones',
      advice: 'use a name below a domain of yours, or an authority of your own in acme.directory',
    };
  }
  const canUseDns = settings.dns !== undefined && settings.challenges.includes('dns-01');
  if (!host.startsWith('*.') || canUseDns) return undefined;
  return {
    problem: 'a wildcard can be proven by dns-01 only, and acme.dns is not set',
    advice: 'set acme.dns to the provider of this domain, or give each site a host name of its own',
  };
}

/** Nobody gets a certificate for an address by accident: `auto` never has one, so whoever comes here asked for it. */
function findAddressObstacle({ authorities, challenges }: AcmeSettings): Omit<UnorderableName, 'name'> | undefined {
  if (challenges.every((challenge) => challenge === 'dns-01')) {
    return {
      problem: 'an address cannot be proven by dns-01',
      advice: 'add http-01 or tls-alpn-01 to acme.challenges',
    };
  }
  if (authorities.some(takesAddresses)) return undefined;
  return {
    problem: 'the configured authority issues for addresses with another profile only',
    advice: "set acme.profile: shortlived (Let's Encrypt), or take the address out of acme.hosts",
  };
}
