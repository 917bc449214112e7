import { compileAddressPolicy } from './address-policy.ts';
import type { Backend } from './backend.ts';
import { byAge, isContainer, routeId, settleClaims, shadow, type Claim, type Settled } from './claims.ts';
import { keepUnheard } from './keep-unheard.ts';
import type { Listener } from './listener.ts';
import { placeOnListeners } from './merge-listeners.ts';
import { mergeStreams, streamClaims, streamHostClaims, type MergedStreams, type StreamClaim } from './merge-streams.ts';
import { OperatorHosts } from './operator-hosts.ts';
import { settleOwnership, type HostClaim, type OwnershipLedger } from './ownership.ts';
import type { PortRange } from './port-book.ts';
import type { Rejection } from './rejection.ts';
import { DEFAULT_HTTPS, type RouteDefinition, type RouteHttps, type ShadowedRoute } from './route.ts';
import { sameValue } from './same-value.ts';
import { openedAddresses, screenBackends, screenPlaced } from './screen-backends.ts';
import type { WorkerSettings } from './settings.ts';
import type { CertificateRef, Challenge, PageOverride, Snapshot } from './snapshot.ts';
import { hashContent, shareTable, TABLE_NAMES, type SnapshotContent } from './snapshot-tables.ts';
import type { SourceState } from './source.ts';
import type { ShadowedStream, StreamDefinition } from './stream.ts';
import type { TlsPolicy } from './tls-policy.ts';
import { unknownListeners } from './unknown-listeners.ts';
import type { WakeGroup } from './wake.ts';

export interface SnapshotInput {
  readonly sources: readonly SourceState[];
  readonly listeners: readonly Listener[];
  /** Ports below 1024 that containers may ask for; default none. */
  readonly allowedPorts?: readonly PortRange[];
  readonly settings: WorkerSettings;
  readonly certificates: readonly CertificateRef[];
  readonly pages: readonly PageOverride[];
  /** Default none. */
  readonly challenges?: readonly Challenge[];
  /** Default none: `settings.tls` holds for every host. */
  readonly tlsPolicies?: readonly TlsPolicy[];
  /** `wildcards.fallThrough`; default true. */
  readonly fallThrough?: boolean;
  /** What routes are that say nothing of HTTPS; default `DEFAULT_HTTPS`. */
  readonly https?: RouteHttps;
  /** The Snapshot that is served now: what did not change is taken from it. */
  readonly previous?: Snapshot | undefined;
  /** Names of sources that have not spoken yet: what `previous` has of them stays. Default none. */
  readonly unheard?: ReadonlySet<string>;
  /** `ownership: project`; absent: containers of all projects are replicas of each other. */
  readonly ownership?: { readonly ledger: OwnershipLedger; readonly nowMs: number } | undefined;
}

export interface SnapshotResult {
  /** `previous` itself when nothing changed. */
  readonly snapshot: Snapshot;
  readonly changed: boolean;
  readonly shadowed: readonly ShadowedRoute[];
  readonly shadowedStreams: readonly ShadowedStream[];
  /** Of the sources and of the merge. */
  readonly rejected: readonly Rejection[];
  /** To be persisted; empty without `ownership`. */
  readonly ledger: OwnershipLedger;
}

/**
 * Merges what all sources say into the one value that workers serve. Pure and deterministic: the order of the sources and
 * of their definitions does not matter.
 */
export function buildSnapshot(input: SnapshotInput): SnapshotResult {
  const { sources, settings, previous } = input;
  const screened = screenBackends(
    {
      definitions: sources.flatMap(({ definitions }) => definitions),
      streams: sources.flatMap(({ streams: own = [] }) => own),
    },
    compileAddressPolicy(settings.ownAddresses),
  );
  const placed = placeOnListeners(screened.definitions, screened.streams, {
    listeners: input.listeners,
    allow: input.allowedPorts ?? [],
    ownAddresses: settings.ownAddresses,
  });
  // Once more: a container on the host's network could name the port that was opened for it, and go round for ever.
  const rest = screenPlaced(placed, openedAddresses(placed.opened, settings.ownAddresses));
  const claims = rest.definitions.flatMap(claimsOf).sort(byAge);
  const claimedStreams = streamClaims(rest.streams);
  const ledger = settleLedger(input.ownership, claims, claimedStreams);
  const operator = input.ownership === undefined ? undefined : new OperatorHosts(claims);
  const owned = dropForeignClaims(claims, ledger);
  const guarded = operator?.guard(owned.claims) ?? { claims: owned.claims, shadowed: [] };
  const defaults = { fallThrough: input.fallThrough ?? true, https: input.https ?? DEFAULT_HTTPS };
  const settled = [...groupClaims(guarded.claims)].map((group) => settleClaims(group, defaults));
  const https = new Set(input.listeners.filter(({ protocol }) => protocol === 'https').map(({ id }) => id));
  const streams = mergeStreams(claimedStreams, ledger, ({ listenerId, host }) =>
    https.has(listenerId) ? operator?.originOf(host) : undefined,
  );

  const said = {
    listeners: [...input.listeners, ...usedListeners(placed.opened, settled, streams)],
    routes: settled.map(({ route }) => route),
    streams: streams.routes,
    backends: [...collectBackends(settled, streams.winners)],
    wakeGroups: [...usedWakeGroups(sources, settled, streams)],
  };
  const tables = keepUnheard(said, previous, input.unheard ?? NOBODY);
  const content: SnapshotContent = {
    settings: previous !== undefined && sameValue(previous.settings, settings) ? previous.settings : settings,
    listeners: shareTable(tables.listeners, previous?.listeners),
    routes: shareTable(tables.routes, previous?.routes),
    streams: shareTable(tables.streams, previous?.streams),
    backends: shareTable(tables.backends, previous?.backends),
    certificates: shareTable(input.certificates, previous?.certificates),
    pages: shareTable(input.pages, previous?.pages),
    challenges: shareTable(input.challenges ?? [], previous?.challenges),
    tlsPolicies: shareTable(input.tlsPolicies ?? [], previous?.tlsPolicies),
    wakeGroups: shareTable(tables.wakeGroups, previous?.wakeGroups),
  };
  return {
    ...nextVersion(content, previous),
    shadowed: [...owned.shadowed, ...guarded.shadowed, ...settled.flatMap((each) => each.shadowed)],
    shadowedStreams: streams.shadowed,
    rejected: [
      ...sources.flatMap(({ rejected }) => rejected),
      ...screened.rejected,
      ...placed.rejected,
      ...rest.rejected,
      ...unknownListeners(placed.definitions, [...input.listeners, ...placed.opened]),
      ...settled.flatMap(({ differences }) => differences),
      ...streams.differences,
    ],
    ledger,
  };
}

const NOBODY: ReadonlySet<string> = new Set();

const NO_LEDGER: OwnershipLedger = new Map();

function settleLedger(
  ownership: SnapshotInput['ownership'],
  claims: readonly Claim[],
  streams: readonly StreamClaim[],
): OwnershipLedger {
  if (ownership === undefined) return NO_LEDGER;
  return settleOwnership(ownership.ledger, [...hostClaims(claims), ...streamHostClaims(streams)], ownership.nowMs);
}

/** A port is open while somebody answers on it: not for those that lost all that they asked for. */
function usedListeners(
  opened: readonly Listener[],
  settled: readonly Settled[],
  { routes: streams }: MergedStreams,
): readonly Listener[] {
  if (opened.length === 0) return opened;
  const used = new Set(streams.map(({ listenerId }) => listenerId));
  for (const { route } of settled) for (const id of route.listeners) used.add(id);
  return opened.filter(({ id }) => used.has(id));
}

/** What a request could wake: without a route, nothing is told of a group. */
function* usedWakeGroups(
  sources: readonly SourceState[],
  settled: readonly Settled[],
  { routes: streams }: MergedStreams,
): Generator<WakeGroup> {
  const used = new Set([...settled.map(({ route }) => route), ...streams].map(({ wakeGroup }) => wakeGroup));
  for (const { wakePlans = [] } of sources) {
    for (const { id, name, autostart, timeoutMs, browsers, theme } of wakePlans)
      if (used.has(id)) yield { id, name, autostart, timeoutMs, browsers, theme };
  }
}

function nextVersion(
  content: SnapshotContent,
  previous: Snapshot | undefined,
): { snapshot: Snapshot; changed: boolean } {
  if (previous !== undefined) {
    const isSame =
      content.settings === previous.settings && TABLE_NAMES.every((name) => content[name] === previous[name]);
    if (isSame) return { snapshot: previous, changed: false };
  }
  const version = (previous?.version ?? 0) + 1;
  return { snapshot: { version, hash: hashContent(content), ...content }, changed: true };
}

function claimsOf(definition: RouteDefinition): Claim[] {
  return [...new Set(definition.hosts)].map((host) => ({ host, definition }));
}

function* hostClaims(claims: readonly Claim[]): Generator<HostClaim> {
  for (const { host, definition } of claims) {
    if (!isOwnable(definition)) continue;
    yield { host: ownedName({ host, definition }), project: projectOf(definition), sinceMs: definition.sinceMs };
  }
}

/** The operator's own routes need no owner, and local names nobody asked for. */
function isOwnable(definition: RouteDefinition): boolean {
  return definition.audience === 'everyone' && isContainer(definition);
}

/** Nobody owns every host: of `*` a project has only what its route asks for. */
function ownedName(claim: Claim): string {
  return claim.host === '*' ? routeId(claim) : claim.host;
}

function projectOf({ origin }: RouteDefinition): string {
  return origin.project === '' ? `container:${origin.name}` : origin.project;
}

function dropForeignClaims(
  claims: readonly Claim[],
  ledger: OwnershipLedger,
): { claims: readonly Claim[]; shadowed: ShadowedRoute[] } {
  if (ledger.size === 0) return { claims, shadowed: [] };
  const kept: Claim[] = [];
  const foreign: { readonly claim: Claim; readonly project: string }[] = [];
  const holders = new Map<string, RouteDefinition>();
  for (const claim of claims) {
    const owner = isOwnable(claim.definition) ? ledger.get(ownedName(claim)) : undefined;
    if (owner !== undefined && owner.project !== projectOf(claim.definition)) {
      foreign.push({ claim, project: owner.project });
      continue;
    }
    kept.push(claim);
    const name = ownedName(claim);
    if (owner !== undefined && !holders.has(name)) holders.set(name, claim.definition);
  }
  const shadowed = foreign.map(({ claim, project }) => {
    const { host, definition } = claim;
    // The owner may have no container at the moment: then only its project can be named.
    const holder = holders.get(ownedName(claim)) ?? { origin: { source: '', name: project, line: 0, project } };
    return shadow(host, definition, holder, `the host belongs to the project ${project}`);
  });
  return { claims: kept, shadowed };
}

function groupClaims(claims: readonly Claim[]): Iterable<[Claim, ...Claim[]]> {
  const groups = new Map<string, [Claim, ...Claim[]]>();
  for (const claim of claims) {
    const id = routeId(claim);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [claim]);
    else group.push(claim);
  }
  return groups.values();
}

/** One table for all. Where two definitions describe one backend differently, the oldest's words hold. */
function collectBackends(settled: readonly Settled[], streams: readonly StreamDefinition[]): Iterable<Backend> {
  const table = new Map<string, Backend>();
  for (const { backends } of [...settled.flatMap(({ winners }) => winners), ...streams]) {
    for (const backend of backends) if (!table.has(backend.id)) table.set(backend.id, backend);
  }
  return table.values();
}
