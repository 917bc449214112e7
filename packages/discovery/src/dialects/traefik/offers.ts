import { canonicalJson } from '@dproxy/core';
import type { Container } from '../../container.ts';
import type { DialectInput, Offer } from '../dialect.ts';
import { offersNamed } from '../offers.ts';
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
  /** Compose project of its container; empty: none. */
  readonly project: string;
}

export interface OfferedByName extends Named {
  /** Name of the container. */
  readonly from: string;
  readonly project: string;
}

const PROTOCOLS: readonly Protocol[] = ['http', 'tcp', 'udp'];
const SINGULAR: Readonly<Record<Kind, 'router' | 'service' | 'middleware'>> = {
  routers: 'router',
  services: 'service',
  middlewares: 'middleware',
};

/**
 * Where hosts belong to projects, what another project says of these does not count: with a router of its own for the service of
 * another it would serve that service past the password which the service's own router asks for, and as its owner.
 */
const OF_THE_PROJECT = /-(?:service|router|router-for)$|^tls-host$/;
/** A definition in its own project comes before those of others: there the name is not taken by whoever has it for longer. */
const NAMED_IN_PROJECTS = /-(?:router|middleware)$|^address$/;

function projectOf({ labels }: DialectInput['container']): string {
  return labels.get('com.docker.compose.project') ?? '';
}

/** What a container that is served lets others use, and what they must know of it. */
export function offersOf(labels: TraefikLabels, { container }: Pick<DialectInput, 'container'>): readonly Offer[] {
  const isRunning = container.state === 'running';
  const project = projectOf(container);
  const offers: Offer[] = [];
  const add = (kind: OfferKind, name: string, { name: written, pairs }: Named): void => {
    const value: Offered = { name: written, pairs, isRunning, project };
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

/** By which names other containers of a network find this one. */
function namesOf({ name, labels }: Pick<Container, 'name' | 'labels'>): readonly string[] {
  const service = labels.get('com.docker.compose.service') ?? '';
  return [...new Set([name, service])].filter((each) => each !== '').map((each) => each.toLowerCase());
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
  readonly #input: Pick<DialectInput, 'offers' | 'container' | 'isOwnedByProject'>;
  readonly #labels: TraefikLabels;
  readonly #project: string;
  #own: readonly Offer[] | undefined;

  constructor(input: Pick<DialectInput, 'offers' | 'container' | 'isOwnedByProject'>, labels: TraefikLabels) {
    this.#input = input;
    this.#labels = labels;
    this.#project = projectOf(input.container);
  }

  /** Of this container or its project. Where hosts belong to projects, a container without one stands alone. */
  isOwn({ from, project }: Pick<OfferedByName, 'from' | 'project'>): boolean {
    const { container, isOwnedByProject } = this.#input;
    if (from === container.name) return true;
    return project === this.#project && (project !== '' || isOwnedByProject !== true);
  }

  /**
   * Two containers of other projects that define this name differently, where hosts belong to projects: nobody can tell whose is
   * meant, and the oldest's may be there to open what another one closes.
   */
  clash(kind: OfferKind, name: string): readonly [string, string] | undefined {
    if (this.#input.isOwnedByProject !== true) return undefined;
    const [first, ...others] = this.named(kind, name);
    if (first === undefined || this.isOwn(first)) return undefined;
    const other = others.find((each) => each.project !== first.project && !isSameDefinition(each, first));
    return other === undefined ? undefined : [first.from, other.from];
  }

  /**
   * Those of this kind and name, in the order in which they hold: of containers that run before those that do not (a container
   * that somebody stopped must not keep its successor's words from counting), then the oldest's.
   */
  named(kind: OfferKind, name: string): readonly OfferedByName[] {
    const read = this.#list(kind, name).map(({ value, from }) => ({ ...(value as Offered), from }));
    return [...read.filter(({ isRunning }) => isRunning), ...read.filter(({ isRunning }) => !isRunning)];
  }

  /** Routers of other containers for a service of this one, each name once: replicas say the same, and there may be many. */
  foreignRouters(kind: `${Protocol}-router-for`, service: string, own: string): readonly OfferedByName[] {
    const byName = new Map<string, OfferedByName>();
    for (const router of this.named(kind, service)) {
      const name = router.name.toLowerCase();
      if (router.from !== own && !byName.has(name)) byName.set(name, router);
    }
    return [...byName.values()];
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
    if (found.length > 0) return this.#counting(kind, found);
    this.#own ??= offersOf(this.#labels, this.#input);
    return this.#own.filter((offer) => offer.kind === kind && offer.name === name);
  }

  #counting(kind: OfferKind, found: readonly Offer[]): readonly Offer[] {
    const isOfProject = this.#input.isOwnedByProject === true && OF_THE_PROJECT.test(kind);
    if (!isOfProject && !NAMED_IN_PROJECTS.test(kind)) return found;
    const own = found.filter(({ from, value }) => this.isOwn({ from, project: (value as Offered).project }));
    return isOfProject || own.length > 0 ? own : found;
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
