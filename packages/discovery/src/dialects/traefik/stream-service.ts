import type { Container } from '../../container.ts';
import type { BackendClaims, LabelProblem, StreamClaims } from '../dialect.ts';
import { PLAIN_STREAM } from '../plain-stream.ts';
import type { Named } from './labels.ts';
import { Section } from './section.ts';
import { readStreamHealthCheck } from './service-health.ts';

export type RawProtocol = 'tcp' | 'udp';

/** What its routers take from it. */
export type StreamBackend = BackendClaims & Pick<StreamClaims, 'health'>;

export interface StreamService {
  /** Undefined when it cannot be served. */
  readonly backend: StreamBackend | undefined;
  readonly problems: readonly LabelProblem[];
}

interface Facts {
  readonly container: Container;
  readonly network: string | undefined;
}

/** @param named undefined for the service that nobody named */
export function readStreamService(
  protocol: RawProtocol,
  name: string,
  named: Named | undefined,
  { container, network }: Facts,
): StreamService {
  const title = `traefik.${protocol}.services.${named?.name ?? name}`;
  const section = new Section(title, named?.pairs ?? []);
  const { report } = section;
  const balancer = section.sub('loadbalancer') ?? new Section(`${title}.loadbalancer`, [], report);
  const server = balancer.sub('server') ?? new Section(`${title}.loadbalancer.server`, [], report);
  const port = server.integer('port', 1, 65_535) ?? lowest(container, protocol);
  if (server.flag('tls') === true)
    server.refuse('tls', 'a backend that takes plain TCP, or TLS passed through (tls.passthrough)');
  const { proxyProtocol, health } = protocol === 'tcp' ? readTcpOptions(balancer) : NO_OPTIONS;
  server.finish();
  balancer.finish();
  section.finish();
  if (port === undefined && !report.hasFailed) {
    report.refuse(
      `port is missing: no ${protocol.toUpperCase()} port of ${container.name} is exposed`,
      `the label ${server.label('port')}=<port>`,
    );
  }
  if (report.hasFailed) return { backend: undefined, problems: report.problems };
  const { weight, tlsVerify } = PLAIN_STREAM;
  // A service of HTTP may have the same name, and another port.
  const backend = `${protocol}:${name.toLowerCase()}`;
  return { backend: { backend, port, network, proxyProtocol, weight, tlsVerify, health }, problems: report.problems };
}

/** Who writes a raw router means the port, whatever it is: databases are what such routers are for. */
function lowest({ tcpPorts, udpPorts }: Container, protocol: RawProtocol): number | undefined {
  return (protocol === 'tcp' ? tcpPorts : udpPorts)[0];
}

type TcpOptions = Pick<StreamBackend, 'proxyProtocol' | 'health'>;

const NO_OPTIONS: TcpOptions = { proxyProtocol: '', health: undefined };

function readTcpOptions(balancer: Section): TcpOptions {
  // Either side may close its half, and the other one has all the time it needs.
  balancer.integer('terminationdelay', -1, 2_147_483_647);
  if (balancer.text('serverstransport') !== undefined) {
    balancer.note(
      'serverstransport',
      'servers transports come from files that dproxy does not read',
      'proxyprotocol as a label',
    );
  }
  const health = readStreamHealthCheck(balancer);
  const proxy = balancer.sub('proxyprotocol');
  if (proxy === undefined) return { proxyProtocol: '', health };
  const version = proxy.integer('version', 1, 2) ?? 2;
  proxy.finish();
  return { proxyProtocol: version === 1 ? 'v1' : 'v2', health };
}
