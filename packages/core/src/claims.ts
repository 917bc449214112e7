import type { Rejection } from './rejection.ts';
import { ROUTE_DEFAULTS, type Route, type RouteDefinition, type ShadowedRoute } from './route.ts';
import { sameValue } from './same-value.ts';
import { matchHash } from './match-hash.ts';

/** What one definition says about one host. */
export interface Claim {
  readonly host: string;
  readonly definition: RouteDefinition;
}

/** What became of all claims for one host, path and audience. */
export interface Settled {
  readonly route: Route;
  /** Whose backends the route uses. */
  readonly winners: readonly RouteDefinition[];
  readonly shadowed: readonly ShadowedRoute[];
  /** Settings of younger replicas that do not hold. */
  readonly differences: readonly Rejection[];
}

/** What holds for routes that do not say it themselves. */
export type RouteDefaults = Pick<Route, 'fallThrough' | 'https'>;

/** `Route.id`: claims with the same one are for the same requests. */
export function routeId({ host, definition }: Claim): string {
  return `${definition.audience === 'local' ? 'local:' : ''}${host}${definition.path}${matchHash(definition)}`;
}

/** A definition that an engine made of a container, which may have no backend; everything else was written by the operator. */
export function isContainer({ origin, backends }: Pick<RouteDefinition, 'origin' | 'backends'>): boolean {
  return origin.source.startsWith('docker:') || backends.some((backend) => backend.containerId !== '');
}

/** The oldest first; the rest of the order only has to be the same every time. */
export function byAge(a: Claim, b: Claim): number {
  const [left, right] = [a.definition, b.definition];
  return left.sinceMs - right.sinceMs || compare(left.origin.source, right.origin.source) || compare(left.id, right.id);
}

/**
 * Containers of one source are replicas; everything else that claims the same is shadowed by the oldest.
 *
 * @param claims for one route id, by age, at least one
 */
export function settleClaims(claims: readonly [Claim, ...Claim[]], defaults: RouteDefaults): Settled {
  const [{ host, definition: oldest }] = claims;
  const winners: RouteDefinition[] = [];
  const shadowed: ShadowedRoute[] = [];
  for (const { definition } of claims) {
    if (definition === oldest || isReplica(oldest, definition)) winners.push(definition);
    else shadowed.push(shadow(host, definition, oldest, 'an older definition has this host and path'));
  }
  return {
    route: makeRoute(claims[0], winners, defaults),
    winners,
    shadowed,
    differences: differencesOf(host, winners),
  };
}

export function shadow(
  host: string,
  { path, origin }: RouteDefinition,
  by: Pick<RouteDefinition, 'origin'>,
  reason: string,
): ShadowedRoute {
  return { host, path, origin, shadowedBy: by.origin, reason };
}

function isReplica(oldest: RouteDefinition, other: RouteDefinition): boolean {
  return oldest.origin.source === other.origin.source && isContainer(oldest) && isContainer(other);
}

function makeRoute(claim: Claim, winners: readonly RouteDefinition[], defaults: RouteDefaults): Route {
  const { host, definition } = claim;
  const { path, audience, headers, timeouts, plugins, listeners } = definition;
  return {
    id: routeId(claim),
    host,
    path,
    pathMatch: definition.pathMatch ?? ROUTE_DEFAULTS.pathMatch,
    condition: definition.condition ?? ROUTE_DEFAULTS.condition,
    priority: definition.priority ?? ROUTE_DEFAULTS.priority,
    filters: definition.filters ?? ROUTE_DEFAULTS.filters,
    balance: definition.balance ?? ROUTE_DEFAULTS.balance,
    audience,
    headers,
    timeouts,
    plugins,
    listeners,
    https: { ...defaults.https, ...definition.https },
    fallThrough: definition.fallThrough ?? defaults.fallThrough,
    action: mergeActions(definition, winners),
    panic: definition.panic ?? ROUTE_DEFAULTS.panic,
    wakeGroup: winners.find(({ wakeGroup = '' }) => wakeGroup !== '')?.wakeGroup ?? '',
    origins: winners.map((winner) => winner.origin),
  };
}

function mergeActions({ action }: RouteDefinition, winners: readonly RouteDefinition[]): Route['action'] {
  if (action.type !== 'forward') return action;
  const weights = new Map<string, number>();
  for (const winner of winners) {
    if (winner.action.type !== 'forward') continue;
    for (const { backendId, weight } of winner.action.backends) {
      if (!weights.has(backendId)) weights.set(backendId, weight);
    }
  }
  return { type: 'forward', backends: [...weights].map(([backendId, weight]) => ({ backendId, weight })) };
}

function differencesOf(host: string, [oldest, ...younger]: readonly RouteDefinition[]): Rejection[] {
  if (oldest === undefined) return [];
  return younger.flatMap((definition) => {
    const names = differingSettings(oldest, definition);
    if (names.length === 0) return [];
    return {
      source: sourceOf(definition),
      line: definition.origin.line,
      column: 0,
      message: `${host}${definition.path}: ${names.join(', ')} not as on ${oldest.origin.name}, which is older and holds`,
      expected: `the same settings as ${oldest.origin.name} on every replica`,
    };
  });
}

const SETTINGS_OF_ROUTES = [
  'headers',
  'timeouts',
  'plugins',
  'priority',
  'filters',
  'balance',
  'panic',
  'https',
  'fallThrough',
] as const;

function differingSettings(oldest: RouteDefinition, other: RouteDefinition): string[] {
  const names = SETTINGS_OF_ROUTES.filter((name) => !sameValue(oldest[name], other[name]));
  const isSameAction =
    oldest.action.type === 'forward' ? other.action.type === 'forward' : sameValue(oldest.action, other.action);
  return isSameAction ? names : [...names, 'action'];
}

/** As in `Rejection.source`. */
export function sourceOf(definition: Pick<RouteDefinition, 'origin' | 'backends'>): string {
  const { source, name } = definition.origin;
  return isContainer(definition) ? `docker:${name}` : source.replace(/^file:/, '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
