import type { Backend, ContainerView, Origin, Rejection, RouteDefinition, StreamDefinition } from '@dproxy/core';
import type { ReachFacts } from './container-backend.ts';
import { ContainerBackends, type CalledBackend } from './container-backends.ts';
import type { Container } from './container.ts';
import { unresolvedNames, withOwnRefs, type UnresolvedName } from './filter-refs.ts';
import { countWords, type CountedWords, type ImageWords } from './image-words.ts';
import { namedServices, type NamedService } from './named-services.ts';
import { choosePort } from './port-choice.ts';
import type { WakeClaims } from './dialects/dialect.ts';
import { readDialects, type Reading, type ReadingFacts } from './read-dialects.ts';
import { definitionsOf, withoutRepeats } from './service-definitions.ts';
import { streamOf, streamPort } from './stream-definitions.ts';
import type { ReadinessRules } from './health/health-of.ts';
import { joinClaims } from './plans/claims.ts';

export interface DescribeFacts extends ReachFacts, ReadingFacts {
  /** Name of the engine's endpoint. */
  readonly engine: string;
  readonly imageWords: ImageWords;
  /** False: only containers that a label names are served. */
  readonly exposedByDefault: boolean;
  /** `docker.readiness`. */
  readonly readiness: boolean;
}

/** Plain data, so that two of them can be compared. */
export interface ContainerDescription {
  /** Compose project; empty: none. */
  readonly project: string;
  readonly definitions: readonly RouteDefinition[];
  readonly streams: readonly StreamDefinition[];
  readonly rejected: readonly Rejection[];
  readonly view: ContainerView;
  /** Its backends, by the names that its words give them. */
  readonly called: readonly CalledBackend[];
  /** What it says of sleep; undefined: nothing. */
  readonly wake: WakeClaims | undefined;
  /** Names of backends in filters of `definitions` that this container has not: those of others may be meant. */
  readonly unresolved: readonly UnresolvedName[];
}

/** What one container adds, and which offers of others went into that. */
export interface Described {
  readonly description: ContainerDescription;
  /** By dialect, as in `Reading.asked`. Only dialects that found words of theirs. */
  readonly asked: ReadonlyMap<string, ReadonlySet<string>>;
}

export function describeContainer(container: Container, facts: DescribeFacts): ContainerDescription {
  return describeWords(container, countWords(container, facts.imageWords, facts.dialects), facts).description;
}

/** Of one container that are told: one of them must not fill the log and the memory of all. */
const MAX_PROBLEMS = 200;

/** Pure: the whole language of labels, variables, hosts, ports and addresses is tested here. */
export function describeWords(
  container: Container,
  words: CountedWords,
  facts: Omit<DescribeFacts, 'imageWords'>,
): Described {
  const readings = readDialects(container, words, facts);
  const found = [...words.ignored, ...readings.flatMap((reading) => reading.problems)];
  const problems = found.slice(0, MAX_PROBLEMS).map(({ message, expected }) => rejection(container, message, expected));
  if (found.length > MAX_PROBLEMS) {
    problems.push(
      rejection(container, `${found.length - MAX_PROBLEMS} more of its words cannot be used`, 'see the others'),
    );
  }
  const asked = new Map(readings.map((reading) => [reading.dialect, reading.asked]));
  const isHidden = readings.some(({ dialect, enable }) => dialect === 'native' && enable === false);
  if (isHidden) {
    const reason = 'the label dproxy.enable hides it: make it again with dproxy.enable=true, or without';
    // A database that is hidden sleeps with its project all the same.
    const description = { ...hidden(container, facts, problems, reason), wake: joinClaims(readings) };
    return { description, asked };
  }
  const active = readings.filter(({ enable }) => enable !== false);
  const switchedOff = readings.filter(({ enable }) => enable === false).map(({ dialect }) => dialect);
  const description = describeReadings(container, active, { facts, problems, switchedOff });
  return { description: { ...description, wake: joinClaims(readings) }, asked };
}

/** A container that is left out on purpose: shown, never served. */
export function hidden(
  container: Container,
  facts: Pick<DescribeFacts, 'engine'>,
  rejected: readonly Rejection[],
  reason: string,
): ContainerDescription {
  const view = viewOf(container, facts, { definitions: [], streams: [], reasons: [reason] });
  return { project: '', definitions: [], streams: [], rejected, view, called: [], wake: undefined, unresolved: [] };
}

interface Surroundings {
  readonly facts: Omit<DescribeFacts, 'imageWords'>;
  readonly problems: readonly Rejection[];
  /** Dialects that the container's own words switch off for it. */
  readonly switchedOff: readonly string[];
}

function describeReadings(
  container: Container,
  readings: readonly Reading[],
  { facts, problems, switchedOff }: Surroundings,
): ContainerDescription {
  const pool = new ContainerBackends(container, facts);
  const readiness = facts.readiness && readings.every(wantsReadiness);
  const rules: ReadinessRules = { readiness, readyAfterMs: joinClaims(readings)?.readyAfterMs ?? 0 };
  const place: Place = { container, origin: originOf(container, facts), pool, rules };
  const served = [
    ...withoutRepeats(namedServices(container, readings, facts)).map((service) => describeService(place, service)),
    ...readings.flatMap((reading) => describeStreams(place, reading)),
  ];
  const { called } = place.pool;
  const definitions = served.flatMap((each) => each.definitions.map((one) => withOwnRefs(one, each.dialect, called)));
  const streams = served.flatMap((each) => each.streams);
  const rejected = [...problems, ...served.flatMap((each) => each.rejected)];
  const reasons = reasonsOf(served, rejected, switchedOff);
  return {
    project: place.origin.project,
    definitions,
    streams,
    rejected,
    view: viewOf(container, facts, { definitions, streams, reasons }),
    called: called.filter(({ name }) => name !== ''),
    wake: undefined,
    unresolved: served.flatMap((each) => each.definitions.flatMap((one) => unresolvedNames(one, each.dialect, called))),
  };
}

/** `dproxy.health=none` is said for the whole container, whatever language its services are written in. */
function wantsReadiness({ dialect, services }: Reading): boolean {
  return dialect !== 'native' || services.every(({ service, readiness }) => service !== '' || readiness);
}

/** What is the same for all services of one container. */
interface Place {
  readonly container: Container;
  readonly origin: Origin;
  readonly pool: ContainerBackends;
  readonly rules: ReadinessRules;
}

interface Served {
  readonly dialect: string;
  readonly definitions: readonly RouteDefinition[];
  readonly streams: readonly StreamDefinition[];
  readonly rejected: readonly Rejection[];
  readonly reason: string;
}

const NOTHING = { definitions: [], streams: [], rejected: [], reason: '' };

function describeService({ container, origin, pool, rules }: Place, service: NamedService): Served {
  const { dialect, claims } = service;
  if (claims.answer !== undefined) {
    const definitions = definitionsOf(container, service, { origin, backend: undefined, ...rules });
    return { ...NOTHING, dialect, definitions };
  }
  const choice = choosePort(container, claims.port);
  if ('problem' in choice) {
    if (service.isExtra) return { ...NOTHING, dialect };
    const expected = `the label ${portLabel(service)}=<port>`;
    const isAsked = service.hosts.length > 0 || choice.isAmbiguous;
    const rejected = isAsked ? [rejection(container, `no port can be chosen: ${choice.problem}`, expected)] : [];
    return { ...NOTHING, dialect, rejected, reason: `${choice.problem}; add ${expected}` };
  }
  const backend = pool.take(dialect, { ...claims, port: choice.port });
  const definitions = definitionsOf(container, service, { origin, backend, ...rules });
  return { ...NOTHING, dialect, definitions, reason: backend.reason };
}

/** Dialects that say no port take that of `dproxy.port`. */
function portLabel({ dialect, claims: { service } }: NamedService): string {
  return dialect !== 'native' || service === '' ? 'dproxy.port' : `dproxy.${service}.port`;
}

function describeStreams({ container, origin, pool, rules }: Place, { dialect, network, streams }: Reading): Served[] {
  return streams.map((claims) => {
    const port = streamPort(container, claims);
    const { protocol, service } = claims;
    if (port === undefined) {
      const kind = protocol.toUpperCase();
      const message = `no ${kind} port can be chosen for ${service === '' ? 'its service' : service}`;
      const expected = `the port in its words, or exactly one ${kind} port (EXPOSE)`;
      return { ...NOTHING, dialect, rejected: [rejection(container, message, expected)], reason: message };
    }
    const backend = pool.take(dialect, { ...claims, network: claims.network ?? network, port });
    const stream = streamOf(container, { dialect, claims }, { origin, backend, ...rules });
    return { ...NOTHING, dialect, streams: [stream], reason: backend.reason };
  });
}

function originOf({ name, labels }: Container, { engine }: Pick<DescribeFacts, 'engine'>): Origin {
  return { source: `docker:${engine}`, name, line: 0, project: labels.get('com.docker.compose.project') ?? '' };
}

function rejection({ name }: Container, message: string, expected: string): Rejection {
  return { source: `docker:${name}`, line: 0, column: 0, message, expected };
}

function reasonsOf(
  served: readonly Served[],
  rejected: readonly Rejection[],
  [switchedOff]: readonly string[],
): readonly string[] {
  if (served.length === 0 && rejected.length === 0) {
    const why =
      switchedOff === undefined
        ? 'no label names a host'
        : `its labels of ${switchedOff} count for nothing (${switchedOff}.enable=false)`;
    return [`docker.exposedByDefault is false, and ${why}; add the label dproxy.host=<name>, or dproxy.enable=true`];
  }
  const reasons = served.map(({ reason }) => reason).filter((reason) => reason !== '');
  return reasons.length > 0 || served.length > 0 ? [...new Set(reasons)] : rejected.map(({ message }) => message);
}

interface Shown {
  readonly definitions: readonly RouteDefinition[];
  readonly streams: readonly StreamDefinition[];
  readonly reasons: readonly string[];
}

function viewOf(
  container: Container,
  { engine }: Pick<DescribeFacts, 'engine'>,
  { definitions, streams, reasons }: Shown,
): ContainerView {
  const backends = new Map<string, Backend>();
  for (const each of [...definitions, ...streams]) for (const one of each.backends) backends.set(one.id, one);
  return {
    id: container.id,
    name: container.name,
    image: container.image,
    engine,
    state: container.state,
    health: container.health,
    hosts: [...new Set(definitions.flatMap(({ hosts }) => hosts))],
    backends: [...backends.values()].map(({ id, address, port, state }) => ({ id, address, port, state })),
    reason: reasons.join('; '),
  };
}
