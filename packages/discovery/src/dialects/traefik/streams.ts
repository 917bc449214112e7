import type { LabelProblem, StreamClaims } from '../dialect.ts';
import { show } from '../show.ts';
import { linksOf, type Link, type Links } from './links.ts';
import { readStreamMiddleware } from './stream-middleware.ts';
import { readStreamRouter, type StreamReading } from './stream-router.ts';
import { readStreamService, type RawProtocol, type StreamBackend } from './stream-service.ts';
import type { ReadContext } from './context.ts';

type Backends = ReadonlyMap<string, StreamBackend | undefined>;

/** The raw TCP and UDP services of one container. */
export function readStreams(context: ReadContext): StreamReading {
  const parts = (['tcp', 'udp'] as const).map((protocol) => readProtocol(protocol, context));
  return { claims: parts.flatMap(({ claims }) => claims), problems: parts.flatMap(({ problems }) => problems) };
}

function readProtocol(protocol: RawProtocol, context: ReadContext): StreamReading {
  const { labels, input, network, offers } = context;
  const links = linksOf(labels, input.container, protocol);
  const problems: LabelProblem[] = [];
  const backends = new Map<string, StreamBackend | undefined>();
  for (const [key, named] of links.services) {
    const facts = { container: input.container, network };
    const read = readStreamService(protocol, named?.name ?? links.implicit, named, facts);
    backends.set(key, read.backend);
    problems.push(...read.problems);
  }
  for (const named of labels[protocol].middlewares.values()) {
    if (protocol === 'tcp') problems.push(...readStreamMiddleware(named).report.problems);
  }
  const claims: StreamClaims[] = [];
  for (const link of links.routers) {
    const read = readOwn(protocol, link, { links, backends, context });
    claims.push(...read.claims);
    problems.push(...read.problems);
  }
  for (const [key, backend] of backends) {
    if (backend === undefined) continue;
    for (const router of offers.foreignRouters(`${protocol}-router-for`, key, input.container.name)) {
      if (offers.conflict(`${protocol}-router`, router, router.from) !== undefined) continue;
      // What is wrong with it is reported where it is defined.
      claims.push(...readStreamRouter(protocol, router, backend, context).claims);
    }
  }
  return { claims: withoutTwins(claims), problems };
}

interface Facts {
  readonly links: Links;
  readonly backends: Backends;
  readonly context: ReadContext;
}

const NOTHING: StreamReading = { claims: [], problems: [] };

function readOwn(protocol: RawProtocol, { router, service }: Link, { links, backends, context }: Facts): StreamReading {
  if (router === undefined) return NOTHING;
  const label = `traefik.${protocol}.routers.${router.name}`;
  const problem = (message: string, expected: string): StreamReading => ({
    claims: [],
    problems: [{ message, expected }],
  });
  const winner = context.offers.conflict(`${protocol}-router`, router);
  if (winner !== undefined) {
    if (context.input.container.state !== 'running') return NOTHING;
    return problem(
      `${show(label)} is also defined on ${winner.from}, differently, which holds`,
      'another name, or the same labels',
    );
  }
  if (service === undefined) {
    const names = [...links.services.keys()].join(', ');
    return problem(
      `${show(label)} cannot choose among several services: ${show(names)}`,
      `the label ${show(label)}.service=<one of them>`,
    );
  }
  if (backends.has(service)) {
    const backend = backends.get(service);
    return backend === undefined ? NOTHING : readStreamRouter(protocol, router, backend, context);
  }
  // Served by the container that has it.
  if (context.offers.winner(`${protocol}-service`, service) !== undefined) return NOTHING;
  return problem(
    `${show(label)}.service: no container has the service ${show(service)}`,
    `the label traefik.${protocol}.services.${show(service)}.loadbalancer.server.port on a container`,
  );
}

function withoutTwins(claims: readonly StreamClaims[]): readonly StreamClaims[] {
  const byName = new Map(claims.map((claim) => [claim.service.toLowerCase(), claim]));
  return [...byName.values()];
}
