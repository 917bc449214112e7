import { DEFAULT_BALANCE, type BalancePolicy, type BalanceStrategy, type Filter, type HealthCheck } from '@dproxy/core';
import type { Container } from '../../container.ts';
import type { LabelProblem, ServiceProtocol } from '../dialect.ts';
import { readHealthCheck, readEjection } from './service-health.ts';
import type { Named } from './labels.ts';
import type { TraefikSettings } from './options.ts';
import { lowestPort, ownAddress, readServerUrl } from './server.ts';
import { Section } from './section.ts';
import { readStickyCookie } from './sticky-cookie.ts';

/** One load balancer of Traefik, as far as one container is a server of it. */
export interface HttpService {
  readonly name: string;
  readonly port: number;
  readonly protocol: ServiceProtocol;
  readonly weight: number;
  readonly tlsVerify: boolean;
  readonly balance: BalancePolicy;
  readonly health: HealthCheck | undefined;
  /** Value of `Host` for the backend; empty: the client's. */
  readonly host: string;
  /** After those of the router. */
  readonly filters: readonly Filter[];
  /** Middlewares of the service itself, after those of the router. */
  readonly middlewares: readonly string[];
}

export interface ServiceReading {
  /** Undefined when it cannot be served. */
  readonly service: HttpService | undefined;
  readonly problems: readonly LabelProblem[];
}

export interface ServiceFacts {
  readonly container: Container;
  readonly settings: Pick<TraefikSettings, 'tlsVerify'>;
  /** Where the backend is reached. */
  readonly network: string | undefined;
}

const STRATEGIES: Readonly<Record<'wrr' | 'p2c' | 'hrw' | 'leasttime', BalanceStrategy>> = {
  wrr: 'roundRobin',
  p2c: 'powerOfTwo',
  hrw: 'hash',
  leasttime: 'leastTime',
};
const PROTOCOLS = ['http', 'https', 'h2c'] as const;

/** @param named undefined for the service that nobody named */
export function readHttpService(name: string, named: Named | undefined, facts: ServiceFacts): ServiceReading {
  const title = `traefik.http.services.${named?.name ?? name}`;
  const section = new Section(title, named?.pairs ?? []);
  const middlewares = section.list('middlewares') ?? [];
  const balancer = section.sub('loadbalancer') ?? new Section(`${title}.loadbalancer`, [], section.report);
  const service = readBalancer(name, balancer, facts);
  balancer.finish();
  section.finish();
  const { problems, hasFailed } = section.report;
  return { service: hasFailed || service === undefined ? undefined : { ...service, middlewares }, problems };
}

function readBalancer(
  name: string,
  section: Section,
  facts: ServiceFacts,
): Omit<HttpService, 'middlewares'> | undefined {
  const server = readServer(section, facts);
  const isHostPassed = section.flag('passhostheader') ?? true;
  readForwarding(section);
  const strategy = section.word('strategy', ['wrr', 'p2c', 'hrw', 'leasttime']) ?? 'wrr';
  const sticky = readStickyCookie(section, name);
  const ejection = readEjection(section);
  const health = readHealthCheck(section);
  if (server === undefined) return undefined;
  return {
    ...server,
    name,
    balance: { ...DEFAULT_BALANCE, strategy: STRATEGIES[strategy], sticky, ejection },
    health,
    host: isHostPassed ? '' : ownAddress(facts.container, facts.network, server.port),
    tlsVerify: facts.settings.tlsVerify,
  };
}

type Server = Pick<HttpService, 'port' | 'protocol' | 'weight' | 'filters'>;

function readServer(section: Section, { container }: ServiceFacts): Server | undefined {
  const server = section.sub('server') ?? new Section(section.label('server'), [], section.report);
  const weight = server.integer('weight', 0, 1_000) ?? 1;
  const port = server.integer('port', 1, 65_535);
  const protocol = server.word('scheme', PROTOCOLS);
  const keepsPath = server.flag('preservepath') ?? false;
  const raw = server.text('url');
  server.finish();
  if (raw !== undefined) {
    if (port !== undefined || protocol !== undefined) server.refuse('url', 'a URL alone, or a port and a scheme');
    const url = readServerUrl(raw, container);
    if ('expected' in url) server.refuse('url', url.expected);
    else {
      const filters: Filter[] = keepsPath && url.path !== '/' ? [{ type: 'addPrefix', prefix: url.path }] : [];
      return { port: url.port, protocol: url.protocol, weight, filters };
    }
    return undefined;
  }
  const chosen = port ?? lowestPort(container);
  if (chosen !== undefined) return { port: chosen, protocol: protocol ?? 'http', weight, filters: [] };
  server.report.refuse(
    `port is missing: no TCP port of ${container.name} is exposed that dproxy may guess`,
    `the label ${server.label('port')}=<port>`,
  );
  return undefined;
}

function readForwarding(section: Section): void {
  const forwarding = section.sub('responseforwarding');
  // Nothing is held back here: bytes are sent on as they come, whatever the interval.
  forwarding?.text('flushinterval');
  forwarding?.finish();
  if (section.text('serverstransport') !== undefined) {
    section.note(
      'serverstransport',
      'servers transports come from files that dproxy does not read, so the certificate of an https backend is verified as usual',
      'docker.dialects.traefik.tlsVerify, or a route in dproxy.yml with its own timeouts',
    );
  }
}
