import { hash } from 'node:crypto';
import type { BackendRef } from './backend.ts';
import { isContainer, sourceOf } from './claims.ts';
import { canonicalJson } from './content-hash.ts';
import type { PlacedStream } from './merge-listeners.ts';
import type { HostClaim, OwnershipLedger } from './ownership.ts';
import type { Rejection } from './rejection.ts';
import type { Origin } from './route.ts';
import { sameValue } from './same-value.ts';
import type { ShadowedStream, StreamDefinition, StreamRoute } from './stream.ts';

export interface MergedStreams {
  readonly routes: readonly StreamRoute[];
  /** Whose backends they use. */
  readonly winners: readonly StreamDefinition[];
  readonly shadowed: readonly ShadowedStream[];
  /** Settings of younger replicas that do not hold. */
  readonly differences: readonly Rejection[];
}

/** What one stream says about one server name on one listener. */
export interface StreamClaim extends PlacedStream {
  readonly host: string;
}

export function streamClaims(placed: readonly PlacedStream[]): readonly StreamClaim[] {
  return placed.flatMap((stream) => hostsOf(stream.definition).map((host) => ({ ...stream, host }))).sort(byAge);
}

/** Names belong to projects as those of routes do; whoever takes all names of a listener claims `<listener>/*`. */
export function* streamHostClaims(claims: readonly StreamClaim[]): Generator<HostClaim> {
  for (const claim of claims) {
    const { definition } = claim;
    if (isContainer(definition)) {
      yield { host: claimedName(claim), project: projectOf(definition), sinceMs: definition.sinceMs };
    }
  }
}

/**
 * One stream for each name on each listener, with the backends of all containers of one engine that ask for the same. Whoever
 * else asks for it is shadowed by the oldest.
 *
 * @param operatorOf who has the site of this name in dproxy.yml, which no label's stream takes
 */
export function mergeStreams(
  claims: readonly StreamClaim[],
  ledger: OwnershipLedger,
  operatorOf: (claim: StreamClaim) => Origin | undefined = () => undefined,
): MergedStreams {
  const merged = { routes: [] as StreamRoute[], winners: [] as StreamDefinition[] };
  const shadowed: ShadowedStream[] = [];
  const differences: Rejection[] = [];
  const own = claims.filter((claim) => {
    const operator = isContainer(claim.definition) ? operatorOf(claim) : undefined;
    if (operator !== undefined) {
      shadowed.push(shadow(claim, operator, 'dproxy.yml has a route for it'));
      return false;
    }
    const owner = isContainer(claim.definition) ? ledger.get(claimedName(claim)) : undefined;
    if (owner === undefined || owner.project === projectOf(claim.definition)) return true;
    const by = { source: '', name: owner.project, line: 0, project: owner.project };
    shadowed.push(shadow(claim, by, `it belongs to the project ${owner.project}`));
    return false;
  });
  for (const [id, group] of Map.groupBy(own, streamId)) {
    const [oldest] = group;
    if (oldest === undefined) continue;
    const winners = group.filter((claim) => claim === oldest || isReplica(oldest.definition, claim.definition));
    for (const claim of group) {
      if (winners.includes(claim)) continue;
      shadowed.push(shadow(claim, oldest.definition.origin, 'an older definition has this name on this listener'));
    }
    const definitions = winners.map(({ definition }) => definition);
    merged.routes.push(makeStream(id, oldest, { winners: definitions, isOwned: ledger.size > 0 }));
    merged.winners.push(...definitions);
    differences.push(...definitions.flatMap((each) => differencesOf(id, oldest.definition, each)));
  }
  return { ...merged, shadowed, differences };
}

/** Without TLS no name can be seen: streams of one port are one, whatever they are called. */
function hostsOf({ tls, protocol, hosts }: StreamDefinition): readonly string[] {
  if (tls === 'none' || protocol === 'udp' || hosts.length === 0) return ['*'];
  return [...new Set(hosts)];
}

/** A name without a slash is a host, so that both kinds of claims can stand in one ledger. */
function claimedName({ listenerId, host }: StreamClaim): string {
  return host === '*' ? `${listenerId}/*` : host;
}

function projectOf({ origin }: StreamDefinition): string {
  return origin.project === '' ? `container:${origin.name}` : origin.project;
}

/** Claims with the same one are for the same connections. */
function streamId({ listenerId, host, definition: { alpn, clients, tls } }: StreamClaim): string {
  // Of all names there may be two: one that reads TLS, one for everything else.
  const base = `${listenerId}/${host}${host === '*' && tls !== 'none' ? ' tls' : ''}`;
  if (alpn.length === 0 && clients.length === 0) return base;
  return `${base} #${hash('sha256', canonicalJson([alpn.toSorted(), clients.toSorted()])).slice(0, 12)}`;
}

function isReplica(oldest: StreamDefinition, other: StreamDefinition): boolean {
  const isSameEngine = oldest.origin.source === other.origin.source && isContainer(oldest) && isContainer(other);
  return isSameEngine && oldest.tls === other.tls;
}

interface Merged {
  readonly winners: readonly StreamDefinition[];
  /** Names belong to projects. */
  readonly isOwned: boolean;
}

function makeStream(id: string, { listenerId, host, definition }: StreamClaim, { winners, isOwned }: Merged) {
  const { protocol, tls, clients, alpn, connectionsPerClient, priority, idleMs } = definition;
  // Whoever owns a pattern does not own the names below it: those come first, whatever it says.
  const isPattern = isOwned && host.startsWith('*') && isContainer(definition);
  return {
    id,
    listenerId,
    host,
    protocol,
    tls,
    clients,
    alpn,
    connectionsPerClient,
    priority: isPattern ? Math.min(priority, 0) : priority,
    idleMs,
    backends: refsOf(winners),
    panic: definition.panic ?? false,
    wakeGroup: winners.find(({ wakeGroup = '' }) => wakeGroup !== '')?.wakeGroup ?? '',
    origins: winners.map(({ origin }) => origin),
  } satisfies StreamRoute;
}

function refsOf(winners: readonly StreamDefinition[]): readonly BackendRef[] {
  const weights = new Map<string, number>();
  for (const { backendId, weight } of winners.flatMap(({ refs }) => refs)) {
    if (!weights.has(backendId)) weights.set(backendId, weight);
  }
  return [...weights].map(([backendId, weight]) => ({ backendId, weight }));
}

const SETTINGS_OF_STREAMS = ['connectionsPerClient', 'priority', 'idleMs'] as const;

function differencesOf(id: string, oldest: StreamDefinition, other: StreamDefinition): Rejection[] {
  const names = SETTINGS_OF_STREAMS.filter((name) => !sameValue(oldest[name], other[name]));
  if (names.length === 0) return [];
  const { name } = oldest.origin;
  return [
    {
      source: sourceOf(other),
      line: other.origin.line,
      column: 0,
      message: `${id}: ${names.join(', ')} not as on ${name}, which is older and holds`,
      expected: `the same settings as ${name} on every replica`,
    },
  ];
}

function shadow({ listenerId, host, definition }: StreamClaim, shadowedBy: Origin, reason: string): ShadowedStream {
  return { listenerId, host, origin: definition.origin, shadowedBy, reason };
}

function byAge({ definition: a }: StreamClaim, { definition: b }: StreamClaim): number {
  return a.sinceMs - b.sinceMs || compare(a.origin.source, b.origin.source) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
