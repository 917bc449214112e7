import { matchHash, type RouteDefinition, type StreamDefinition } from '@dproxy/core';
import type { Container } from '../container.ts';
import type { WakeClaims } from '../dialects/dialect.ts';
import type { ComposeLabels } from './compose-labels.ts';

/** A container that may belong to a wake group, with all that it says of it. */
export interface Sleeper {
  readonly container: Container;
  readonly compose: ComposeLabels;
  readonly claims: WakeClaims | undefined;
  /** How a request or connection comes to it. */
  readonly definitions: readonly RouteDefinition[];
  readonly streams: readonly StreamDefinition[];
  /** The container that it is about to replace, while that runs. */
  readonly predecessor?: Container;
}

/** Containers that sleep and wake together. */
export interface SleepGroup {
  /** `project:<name>`, `group:<name>` or `container:<name>`, as in `WakeGroup.id`; the first in order is that of the group. */
  readonly keys: readonly string[];
  /** The oldest first. */
  readonly sleepers: readonly Sleeper[];
}

/**
 * Who belongs together. A container that names several groups makes one of them, and so do containers that serve one route: each
 * is in exactly one group, and whoever uses a route uses one group, so that none is put to sleep while it is in use.
 *
 * @param isOwnedByProject a group is one of its compose project only: else one tenant could start and stop another's containers
 */
export function groupsOf(sleepers: readonly Sleeper[], isOwnedByProject: boolean): readonly SleepGroup[] {
  const eligible = withoutReplaced(sleepers.filter(canSleep)).sort(byAge);
  const projects = new Set(
    eligible.flatMap(({ compose, claims }) => (claims?.scope === 'project' ? compose.project : [])),
  );
  const links = new Links();
  const keyed: { readonly sleeper: Sleeper; readonly key: string }[] = [];
  const servedBy = new Map<string, string>();
  for (const sleeper of eligible) {
    const [key, ...others] = keysOf(sleeper, projects, isOwnedByProject);
    if (key === undefined) continue;
    keyed.push({ sleeper, key });
    links.add(key);
    for (const other of others) links.join(key, other);
    for (const route of routesOf(sleeper)) {
      const owned = isOwnedByProject ? `${ownerOf(sleeper)}\n${route}` : route;
      const other = servedBy.get(owned);
      if (other === undefined) servedBy.set(owned, key);
      else links.join(other, key);
    }
  }
  const members = Map.groupBy(keyed, ({ key }) => links.rootOf(key));
  return [...links.groups()].map(([root, keys]) => ({
    keys: keys.sort(),
    sleepers: (members.get(root) ?? []).map(({ sleeper }) => sleeper),
  }));
}

/** The engine has no limit for names. One that workers do not take for the id of a group would cut them off from the table. */
const MAX_CONTAINER_NAME = 255;

function canSleep({ container: { labels, name }, compose, claims }: Sleeper): boolean {
  return claims?.scope !== 'none' && !compose.isOneOff && !isSwarmTask(labels) && name.length <= MAX_CONTAINER_NAME;
}

const ROUTES = new WeakMap<Sleeper, readonly string[]>();

/** The same as `Route.id` and `StreamRoute.id` tell apart. Kept, because the others of 100,000 have not changed. */
function routesOf(sleeper: Sleeper): readonly string[] {
  const known = ROUTES.get(sleeper) ?? [...readRoutes(sleeper)];
  ROUTES.set(sleeper, known);
  return known;
}

/** Names that nobody asked for make nobody a replica. */
function* readRoutes({ definitions, streams }: Sleeper): Generator<string> {
  for (const definition of definitions) {
    const { hosts, path, audience, publicPorts = [], action } = definition;
    if (audience === 'local' || action.type !== 'forward') continue;
    const rest = `${path}${matchHash(definition)} ${JSON.stringify(publicPorts)}`;
    for (const host of hosts) yield `${host}${rest}`;
  }
  for (const { protocol, listener, port, hosts } of streams) {
    for (const host of hosts) yield `${protocol} ${listener} ${port} ${host}`;
  }
}

/** Whoever owns its hosts: others are shadowed, and no replicas. */
function ownerOf({ container: { name }, compose: { project } }: Sleeper): string {
  return project === '' ? `container:${name}` : `project:${project}`;
}

/** Swarm makes another one in place of a task that is stopped. */
export function isSwarmTask(labels: ReadonlyMap<string, string>): boolean {
  return labels.has('com.docker.swarm.task.id');
}

/**
 * `docker compose up` makes the new container before it stops the old one, and starts it after that: only the new one is to be woken,
 * and not before the old one has ended.
 */
function withoutReplaced(sleepers: readonly Sleeper[]): Sleeper[] {
  const placed = Map.groupBy(sleepers, placeOf);
  return [...placed].flatMap(([place, all]) => (place === '' || all.length === 1 ? all : successorOf(all)));
}

/** Empty: it has no place that another one could take. */
function placeOf({ compose: { project, service, number } }: Sleeper): string {
  return project === '' || service === '' || number === '' ? '' : [project, service, number].join('\n');
}

function successorOf(all: readonly Sleeper[]): readonly Sleeper[] {
  const [newest, ...older] = all.toSorted(byAge).reverse();
  if (newest === undefined || isUp(newest)) return newest === undefined ? [] : [newest];
  const predecessor = older.find(isUp)?.container;
  return [predecessor === undefined ? newest : { ...newest, predecessor }];
}

function isUp({ container: { state } }: Sleeper): boolean {
  return state === 'running' || state === 'restarting';
}

function keysOf(
  { container, compose: { project }, claims }: Sleeper,
  projects: ReadonlySet<string>,
  isOwned: boolean,
): readonly string[] {
  const alone = [`container:${container.name}`];
  if (claims === undefined) return project !== '' && projects.has(project) ? [`project:${project}`] : [];
  switch (claims.scope) {
    case 'none':
      return [];
    case 'alone':
      return alone;
    case 'project':
      return project === '' ? alone : [`project:${project}`];
    case 'groups':
      if (!isOwned) return claims.groups.map((group) => `group:${group}`);
      // A group's name has no slash, so that no other project's name makes the same key.
      return project === '' ? alone : claims.groups.map((group) => `group:${project}/${group}`);
    default:
      return claims.scope satisfies never;
  }
}

/** The oldest first; the rest of the order only has to be the same every time. */
function byAge({ container: a }: Sleeper, { container: b }: Sleeper): number {
  return a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1);
}

/** Which names belong together (union-find): 10,000 containers that share names must not take quadratic time. */
class Links {
  readonly #parents = new Map<string, string>();

  add(key: string): void {
    if (!this.#parents.has(key)) this.#parents.set(key, key);
  }

  join(a: string, b: string): void {
    this.add(a);
    this.add(b);
    const [left, right] = [this.rootOf(a), this.rootOf(b)];
    if (left !== right) this.#parents.set(right, left);
  }

  rootOf(key: string): string {
    let at = key;
    for (;;) {
      const parent = this.#parents.get(at) ?? at;
      if (parent === at) return at;
      const above = this.#parents.get(parent) ?? parent;
      this.#parents.set(at, above);
      at = above;
    }
  }

  groups(): ReadonlyMap<string, string[]> {
    return Map.groupBy(this.#parents.keys(), (key) => this.rootOf(key));
  }
}
