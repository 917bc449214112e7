import { canonicalJson } from '@dproxy/core';
import type { DialectInput, Offer } from '../dialect.ts';
import { offersNamed } from '../offers.ts';
import { namesOf } from './container-urls.ts';
import type { Kind, Named, Protocol, TraefikLabels } from './labels.ts';
import { linksOf } from './links.ts';
import { readRule, tryRule } from './rule.ts';
import type { Pair } from './section.ts';

/** What containers tell each other: `http-router`, `tcp-service`, ... by name; `http-router-for` by the service that it names; `address` by the
 * names of a container: its networks and addresses. */
export type OfferKind = `${Protocol}-${'router' | 'service' | 'middleware' | 'router-for'}` | 'tls-host' | 'address';

/** The value of an offer. */
interface Offered extends Named {
  readonly isRunning: boolean;
}

export interface OfferedByName extends Named {
  /** Name of the container. */
  readonly from: string;
}

const PROTOCOLS: readonly Protocol[] = ['http', 'tcp', 'udp'];
const SINGULAR: Readonly<Record<Kind, 'router' | 'service' | 'middleware'>> = {
  routers: 'router',
  services: 'service',
  middlewares: 'middleware',
};

/** What a container that is served lets others use, and what they must know of it. */
export function offersOf(labels: TraefikLabels, { container }: Pick<DialectInput, 'container'>): readonly Offer[] {
  const isRunning = container.state === 'running';
  const offers: Offer[] = [];
  const add = (kind: OfferKind, name: string, { name: written, pairs }: Named): void => {
    const value: Offered = { name: written, pairs, isRunning };
    offers.push({ kind, name, value, from: container.name });
  };
  for (const protocol of PROTOCOLS) {
    for (const kind of ['routers', 'middlewares'] as const) {
      for (const [name, named] of labels[protocol][kind]) add(`${protocol}-${SINGULAR[kind]}`, name, named);
    }
    const { services, routers } = linksOf(labels, container, protocol);
    for (const name of services.keys()) add(`${protocol}-service`, name, { name, pairs: [] });
    for (const { router, service, isExplicit } of routers) {
      if (isExplicit && router !== undefined && service !== undefined) add(`${protocol}-router-for`, service, router);
    }
  }
  for (const host of tlsHosts(labels)) add('tls-host', host, { name: host, pairs: [] });
  const addresses = container.attachments.map(({ network, address }): Pair => [network, address]);
  for (const name of isRunning ? namesOf(container) : []) add('address', name, { name, pairs: addresses });
  return offers;
}

/** Hosts of the routers that ask for TLS: routers without it are for plain requests there. */
function tlsHosts({ http }: TraefikLabels): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const { pairs } of http.routers.values()) {
    const text = valueOf(pairs, 'rule');
    if (text === undefined || !asksForTls(pairs)) continue;
    const rule = tryRule(() => readRule(text));
    if ('value' in rule) for (const host of rule.value.routes.flatMap((route) => route.hosts)) hosts.add(host);
  }
  hosts.delete('*');
  return hosts;
}

/** `tls=true`, or any option of it. */
export function asksForTls(pairs: readonly Pair[]): boolean {
  return pairs.some(([key, value]) => {
    const lower = key.toLowerCase();
    return (lower === 'tls' && value.trim().toLowerCase() !== 'false') || lower.startsWith('tls.');
  });
}

function valueOf(pairs: readonly Pair[], key: string): string | undefined {
  return pairs.find(([name]) => name.toLowerCase() === key)?.[1];
}

/** Finds what containers offer; of this container also without the list. */
export class Offers {
  readonly #input: Pick<DialectInput, 'offers' | 'container'>;
  readonly #labels: TraefikLabels;
  #own: readonly Offer[] | undefined;

  constructor(input: Pick<DialectInput, 'offers' | 'container'>, labels: TraefikLabels) {
    this.#input = input;
    this.#labels = labels;
  }

  /**
   * Those of this kind and name, in the order in which they hold: of containers that run before those that do not (a container
   * that somebody stopped must not keep its successor's words from counting), then the oldest's.
   */
  named(kind: OfferKind, name: string): readonly OfferedByName[] {
    const read = this.#list(kind, name).map(({ value, from }) => ({ ...(value as Offered), from }));
    return [...read.filter(({ isRunning }) => isRunning), ...read.filter(({ isRunning }) => !isRunning)];
  }

  /** The definition that holds where containers define the same name. */
  winner(kind: OfferKind, name: string): OfferedByName | undefined {
    const list = this.#list(kind, name);
    const best = list.find(({ value }) => (value as Offered).isRunning) ?? list[0];
    return best === undefined ? undefined : { ...(best.value as Offered), from: best.from };
  }

  /**
   * Another container's definition of this name that holds, and says something else.
   *
   * @param from the container that says this one; default the one that is read
   */
  conflict(kind: OfferKind, named: Named, from = this.#input.container.name): OfferedByName | undefined {
    const winner = this.winner(kind, named.name.toLowerCase());
    if (winner === undefined || winner.from === from) return undefined;
    return isSameDefinition(winner, named) ? undefined : winner;
  }

  #list(kind: OfferKind, name: string): readonly Offer[] {
    const found = offersNamed(this.#input.offers, kind, name);
    if (found.length > 0) return found;
    this.#own ??= offersOf(this.#labels, this.#input);
    return this.#own.filter((offer) => offer.kind === kind && offer.name === name);
  }
}

/** Whether two containers say the same under one name, whatever the order and the case of their labels. */
function isSameDefinition(a: Named, b: Named): boolean {
  const normal = ({ pairs }: Named): string =>
    canonicalJson(
      pairs.map(([key, value]) => [key.toLowerCase(), value]).sort(([x = ''], [y = '']) => (x < y ? -1 : 1)),
    );
  return normal(a) === normal(b);
}
