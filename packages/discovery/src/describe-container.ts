import type { Backend, ContainerView, Rejection, RouteDefinition } from '@dproxy/core';
import { backendOf, serviceId, type ReachFacts } from './container-backend.ts';
import type { Container } from './container.ts';
import type { DialectReading, ServiceClaims } from './dialects/dialect.ts';
import { native, unlabelledService } from './dialects/native.ts';
import { fullHostname, localHosts } from './hosts.ts';
import { labelsThatCount, type ImageLabels } from './image-labels.ts';
import { choosePort } from './port-choice.ts';

export interface DescribeFacts extends ReachFacts {
  /** Name of the engine's endpoint. */
  readonly engine: string;
  readonly imageLabels: ImageLabels;
  /** False: only containers that a label names are served. */
  readonly exposedByDefault: boolean;
}

export interface ContainerDescription {
  readonly definitions: readonly RouteDefinition[];
  readonly rejected: readonly Rejection[];
  readonly view: ContainerView;
}

/** What one container adds to the routes. Pure: the whole language of labels, hosts, ports and addresses is tested here. */
export function describeContainer(container: Container, facts: DescribeFacts): ContainerDescription {
  const { labels, ignored } = labelsThatCount(container, facts.imageLabels);
  const claims = native.read({ container, labels, env: container.env, offers: [], listeners: new Set() });
  const problems = [...ignored, ...claims.problems].map((problem) =>
    rejection(container, problem.message, problem.expected),
  );
  if (claims.enable === false) return hidden(container, facts, problems, 'the label dproxy.enable hides it');
  const served = servicesOf(container, claims, facts).map((service) => describeService(container, service, facts));
  const definitions = served.flatMap((service) => service.definitions);
  const rejected = [...problems, ...served.flatMap((service) => service.rejected)];
  return {
    definitions,
    rejected,
    view: viewOf(container, facts, { definitions, reasons: reasonsOf(served, rejected) }),
  };
}

/** A container that is left out on purpose: shown, never served. */
export function hidden(
  container: Container,
  facts: Pick<DescribeFacts, 'engine'>,
  rejected: readonly Rejection[],
  reason: string,
): ContainerDescription {
  return { definitions: [], rejected, view: viewOf(container, facts, { definitions: [], reasons: [reason] }) };
}

interface NamedService {
  readonly claims: ServiceClaims;
  /** Hosts that somebody asked for. */
  readonly hosts: readonly string[];
  /** Names that every container has, for clients on this machine. */
  readonly local: readonly string[];
}

function servicesOf(container: Container, claims: DialectReading, facts: DescribeFacts): readonly NamedService[] {
  const services = claims.isSilent ? [unlabelledService(claims.network)] : claims.services;
  const isNamed = services.some(({ hosts }) => hosts.length > 0);
  const isExposed = facts.exposedByDefault || isNamed || claims.enable === true;
  if (!isExposed) return [];
  const full = isNamed ? undefined : fullHostname(container);
  return services.map((service) => {
    const isAlone = services.every((other) => other === service || other.path !== service.path);
    const ownsName = service.service === '' || isAlone;
    return {
      claims: service,
      hosts: service.hosts.length === 0 && full !== undefined && ownsName ? [full] : service.hosts,
      local:
        facts.exposedByDefault || claims.enable === true ? localHosts(container, ownsName ? '' : service.service) : [],
    };
  });
}

interface ServedService {
  readonly definitions: readonly RouteDefinition[];
  readonly rejected: readonly Rejection[];
  readonly reason: string;
}

function describeService(container: Container, service: NamedService, facts: DescribeFacts): ServedService {
  const { claims } = service;
  if (claims.answer !== undefined)
    return { definitions: definitionsOf(container, service, [], facts), rejected: [], reason: '' };
  const choice = choosePort(container, claims.port);
  if ('problem' in choice) {
    const label = claims.service === '' ? 'dproxy.port' : `dproxy.${claims.service}.port`;
    const expected = `the label ${label}=<port>`;
    const isAsked = service.hosts.length > 0 || choice.isAmbiguous;
    const rejected = isAsked ? [rejection(container, `no port can be chosen: ${choice.problem}`, expected)] : [];
    return { definitions: [], rejected, reason: `${choice.problem}; add ${expected}` };
  }
  const backend = backendOf(container, claims, choice.port, facts);
  return { definitions: definitionsOf(container, service, [backend], facts), rejected: [], reason: backend.reason };
}

function definitionsOf(
  container: Container,
  { claims, hosts, local }: NamedService,
  backends: readonly Backend[],
  facts: DescribeFacts,
): readonly RouteDefinition[] {
  const refs = backends.map(({ id }) => ({ backendId: id, weight: claims.weight }));
  const shared = {
    origin: originOf(container, facts),
    path: claims.path,
    action: claims.answer ?? ({ type: 'forward', backends: refs } as const),
    backends,
    headers: claims.headers,
    timeouts: claims.timeouts,
    plugins: claims.plugins,
    listeners: claims.listeners,
    https: claims.https,
    sinceMs: container.createdMs,
  };
  const id = serviceId(container, claims.service);
  return [
    ...(hosts.length === 0 ? [] : [{ ...shared, id, hosts, audience: 'everyone' as const }]),
    ...(local.length === 0 ? [] : [{ ...shared, id: `${id}/local`, hosts: local, audience: 'local' as const }]),
  ];
}

function originOf({ name, labels }: Container, { engine }: DescribeFacts): RouteDefinition['origin'] {
  return { source: `docker:${engine}`, name, line: 0, project: labels.get('com.docker.compose.project') ?? '' };
}

function rejection({ name }: Container, message: string, expected: string): Rejection {
  return { source: `docker:${name}`, line: 0, column: 0, message, expected };
}

function reasonsOf(served: readonly ServedService[], rejected: readonly Rejection[]): readonly string[] {
  if (served.length === 0 && rejected.length === 0)
    return ['docker.exposedByDefault is false, and no label names a host'];
  const reasons = served.map(({ reason }) => reason).filter((reason) => reason !== '');
  return reasons.length > 0 || served.length > 0 ? reasons : rejected.map(({ message }) => message);
}

function viewOf(
  container: Container,
  { engine }: Pick<DescribeFacts, 'engine'>,
  { definitions, reasons }: { readonly definitions: readonly RouteDefinition[]; readonly reasons: readonly string[] },
): ContainerView {
  const backends = new Map(definitions.flatMap((each) => each.backends).map((backend) => [backend.id, backend]));
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
