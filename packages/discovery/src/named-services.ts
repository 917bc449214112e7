import type { Container } from './container.ts';
import type { ServiceClaims } from './dialects/dialect.ts';
import { unlabelledService } from './dialects/native.ts';
import { fullHostname, internalHost, localHosts } from './hosts.ts';
import type { Reading } from './read-dialects.ts';

export interface NamedService {
  readonly dialect: string;
  readonly claims: ServiceClaims;
  /** Hosts that somebody asked for. */
  readonly hosts: readonly string[];
  /** Names that every container has, for clients on this machine. */
  readonly local: readonly string[];
  /** It only gives local names to a container that other words serve: no port for it is no problem. */
  readonly isExtra: boolean;
}

const NATIVE = 'native';

/** The services of all dialects, dproxy's own first, which have the container's own names. */
export function namedServices(
  container: Container,
  readings: readonly Reading[],
  { exposedByDefault }: { readonly exposedByDefault: boolean },
): readonly NamedService[] {
  const own = readings.find(({ dialect }) => dialect === NATIVE);
  const others = readings.filter(({ dialect }) => dialect !== NATIVE);
  const port = own?.services.find(({ service }) => service === '')?.port;
  const network = own?.network;
  return [
    ...ownServices(container, { own, others, isExposed: exposedByDefault || own?.enable === true }),
    ...others.flatMap((reading) =>
      reading.services.map((claims) => ({
        dialect: reading.dialect,
        claims: { ...claims, port: claims.port ?? port, network: claims.network ?? reading.network ?? network },
        hosts: claims.hosts,
        local: [],
        isExtra: false,
      })),
    ),
  ];
}

interface OwnFacts {
  readonly own: Reading | undefined;
  readonly others: readonly Reading[];
  /** Local names are wanted. */
  readonly isExposed: boolean;
}

function ownServices(container: Container, { own, others, isExposed }: OwnFacts): readonly NamedService[] {
  const isNamedBy = (readings: readonly Reading[]): boolean =>
    readings.some(({ services }) => services.some(({ hosts }) => hosts.length > 0));
  const isUnlabelled = own === undefined || hasNoService(own);
  const services = isUnlabelled ? [unlabelledAs(own?.network, others)] : own.services.map(withAgreedPort(others));
  const isNamed = isNamedBy(others) || (own !== undefined && isNamedBy([own]));
  if (!isExposed && (isUnlabelled || !isNamed)) return [];
  const full = isNamed ? undefined : fullHostname(container);
  const isServed = isNamedBy(others) || [own, ...others].some((reading) => (reading?.streams.length ?? 0) > 0);
  return services.map((service) => {
    const isAlone = services.every((other) => other === service || other.path !== service.path);
    const ownsName = service.service === '' || isAlone;
    return {
      dialect: NATIVE,
      claims: service,
      hosts: service.hosts.length === 0 && full !== undefined && ownsName ? [full] : service.hosts,
      local: isExposed ? localNames(container, ownsName ? '' : service.service) : [],
      isExtra: isUnlabelled && isServed,
    };
  });
}

function localNames(container: Container, service: string): readonly string[] {
  const internal = service === '' ? internalHost(container) : undefined;
  return [...localHosts(container, service), ...(internal === undefined ? [] : [internal])];
}

function hasNoService({ isSilent, services, streams, problems }: Reading): boolean {
  return isSilent || (services.length === 0 && streams.length > 0 && problems.length === 0);
}

/** A container without labels of ours: behind its own names is what the other dialects serve, if that is one thing. */
function unlabelledAs(network: string | undefined, others: readonly Reading[]): ServiceClaims {
  const plain = unlabelledService(network);
  const said = agreedBackend(others);
  if (said === undefined) return plain;
  const { backend, port, protocol, tlsVerify, proxyProtocol } = said;
  return { ...plain, backend, port, protocol, tlsVerify, proxyProtocol, network: network ?? said.network };
}

function withAgreedPort(others: readonly Reading[]): (claims: ServiceClaims) => ServiceClaims {
  const said = agreedBackend(others);
  return (claims) => (claims.service === '' && claims.port === undefined ? { ...claims, port: said?.port } : claims);
}

function agreedBackend(others: readonly Reading[]): ServiceClaims | undefined {
  const [first, ...rest] = others.flatMap(({ network, services }) =>
    services
      .filter(({ port, answer }) => port !== undefined && answer === undefined)
      .map((claims) => ({ ...claims, network: claims.network ?? network })),
  );
  if (first === undefined) return undefined;
  const isSame = (other: ServiceClaims): boolean =>
    other.port === first.port &&
    other.protocol === first.protocol &&
    other.tlsVerify === first.tlsVerify &&
    other.proxyProtocol === first.proxyProtocol;
  return rest.every(isSame) ? first : undefined;
}
