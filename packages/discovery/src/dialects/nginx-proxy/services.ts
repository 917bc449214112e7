import { canonicalJson, type Condition, type Filter, type RouteHttps } from '@dproxy/core';
import type { ServiceClaims } from '../dialect.ts';
import { PLAIN_SERVICE } from '../plain-service.ts';
import { defaultPriority, priorityOf, rootPriority, type Ranks } from './precedence.ts';
import type { Site } from './site.ts';

/** What holds for all sites of a container. */
export interface Shared {
  readonly https: Pick<RouteHttps, 'redirect' | 'hsts'>;
  readonly condition: Condition | null;
  readonly balance: ServiceClaims['balance'];
  /** Where nothing else is said. */
  readonly port: number;
  /** Canonical hosts for which a certificate is asked for. */
  readonly acmeHosts: ReadonlySet<string>;
  readonly isInternal: boolean;
  readonly internalNetworks: readonly string[];
  readonly defaultHost: string;
  readonly defaultRoot: number;
  readonly ranks: Ranks;
}

/** One site as services, before those that differ in their hosts only become one. */
export function servicesOf(site: Site, password: Filter | undefined, shared: Shared): readonly ServiceClaims[] {
  const backend = { port: site.port ?? shared.port, protocol: site.protocol, tlsVerify: isVerified(site) };
  const base: ServiceClaims = {
    ...PLAIN_SERVICE,
    ...backend,
    ...pathOf(site),
    ...listenersOf(site),
    backend: backendName(site, shared),
    filters: filtersOf(site, password, shared),
    balance: shared.balance,
    // nginx asks no second server when the one of a wildcard answers with an error.
    fallThrough: false,
    https: httpsOf(site, shared),
  };
  const own = hostsOf(site, base, shared);
  const isDefault = shared.defaultHost !== '' && site.name.text === shared.defaultHost;
  const located = isDefault ? [...own, asDefault(site, base, shared)] : own;
  return located.flatMap((service) => [
    service,
    ...slashRedirect(site, service),
    ...defaultRoot(site, service, shared),
  ]);
}

/** nginx does not verify the certificates of its upstreams unless told to. */
function isVerified({ protocol }: Site): boolean {
  return protocol === 'http' || protocol === 'h2c';
}

function hostsOf(
  { name, location }: Site,
  base: ServiceClaims,
  { condition, acmeHosts, ranks }: Shared,
): ServiceClaims[] {
  const priority = priorityOf(name, location, ranks);
  if (name.type !== 'hosts') {
    const pattern = { type: 'hostPattern', pattern: name.pattern } as const;
    return [{ ...base, hosts: ['*'], priority, condition: allOf([pattern, base.condition, condition]) }];
  }
  const service = { ...base, priority, condition: allOf([base.condition, condition]) };
  // Their certificates differ, so that they are services of their own.
  const asked = name.hosts.filter((host) => acmeHosts.has(host));
  const others = name.hosts.filter((host) => !acmeHosts.has(host));
  return [
    ...(asked.length > 0 ? [{ ...service, hosts: asked, https: { ...base.https, certificate: 'acme' as const } }] : []),
    ...(others.length > 0 ? [{ ...service, hosts: others }] : []),
  ];
}

/** DEFAULT_HOST: every host that nobody has. */
function asDefault({ location }: Site, base: ServiceClaims, { condition, ranks }: Shared): ServiceClaims {
  return {
    ...base,
    hosts: ['*'],
    priority: defaultPriority(location, ranks),
    condition: allOf([base.condition, condition]),
  };
}

function pathOf({ location }: Site): Pick<ServiceClaims, 'path' | 'pathMatch' | 'condition'> {
  if (location.type === 'pattern') {
    return { path: '/', pathMatch: 'segments', condition: { type: 'pathPattern', pattern: location.pattern } };
  }
  const { path } = location;
  if (location.type === 'exact') return { path, pathMatch: 'exact', condition: null };
  // `/` takes all either way: in whole segments it is the same route as everybody else's.
  return { path, pathMatch: path === '/' ? 'segments' : 'prefix', condition: null };
}

/** EXTERNAL_HTTP_PORT and EXTERNAL_HTTPS_PORT stand in for 80 and 443. */
function listenersOf({ httpPort, httpsPort }: Site): Pick<ServiceClaims, 'listeners' | 'publicPorts'> {
  const http = httpPort === 80 ? 0 : httpPort;
  const https = httpsPort === 443 ? 0 : httpsPort;
  if (http === 0 && https === 0) return { listeners: [], publicPorts: [] };
  return {
    listeners: [...(http === 0 ? ['http'] : []), ...(https === 0 ? ['https'] : [])],
    publicPorts: [
      ...(http === 0 ? [] : [{ port: http, protocol: 'http' as const }]),
      ...(https === 0 ? [] : [{ port: https, protocol: 'https' as const }]),
    ],
  };
}

function httpsOf({ httpsPort }: Site, { https, condition }: Shared): ServiceClaims['https'] {
  // A redirect leads to the usual port, where this site is not.
  const redirect = httpsPort === 0 || httpsPort === 443 ? https.redirect : 0;
  const isPlain = condition?.type === 'encrypted' && !condition.is;
  return { ...https, redirect, ...(isPlain ? { certificate: 'none' as const } : {}) };
}

function backendName({ port, protocol }: Site, shared: Shared): string {
  const number = port ?? shared.port;
  return number === shared.port && protocol === 'http' ? '' : `${protocol}-${number}`;
}

function filtersOf({ location, dest }: Site, password: Filter | undefined, shared: Shared): Filter[] {
  const filters: Filter[] = [];
  if (shared.isInternal) {
    const by = { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 } as const;
    filters.push({ type: 'allowClients', ranges: shared.internalNetworks, by, status: 403 });
  }
  if (password !== undefined) filters.push(password);
  if (dest !== '' && location.type !== 'pattern' && dest !== location.path) {
    filters.push({ type: 'replacePrefix', from: location.path, to: dest });
  }
  return filters;
}

/**
 * nginx sends `/app` to `/app/` when there is a location `/app/` with a proxy_pass, and nothing better for `/app`. The query stays.
 */
function slashRedirect({ location }: Site, service: ServiceClaims): ServiceClaims[] {
  if (location.type !== 'prefix' || location.path === '/' || !location.path.endsWith('/')) return [];
  const redirect = { type: 'redirectPattern', replacement: '${1}/${2}', permanent: true } as const;
  return [
    {
      ...service,
      path: location.path.slice(0, -1),
      pathMatch: 'exact',
      filters: [{ ...redirect, pattern: '^([^?]*)(\\?.*)?$' }],
    },
  ];
}

/** DEFAULT_ROOT: the answer for what no location of the host has. Without it dproxy answers like for every unknown path. */
function defaultRoot({ location }: Site, service: ServiceClaims, shared: Shared): ServiceClaims[] {
  if (shared.defaultRoot === 0 || (location.type === 'prefix' && location.path === '/')) return [];
  return [
    {
      ...service,
      path: '/',
      // Another route than the site at `/`, which comes before it wherever there is one.
      pathMatch: 'prefix',
      condition: withoutPath(service.condition),
      priority: rootPriority(service.priority),
      filters: [],
      answer: { type: 'respond', status: shared.defaultRoot, body: '', headers: [] },
    },
  ];
}

function withoutPath(condition: Condition | null): Condition | null {
  if (condition === null || condition.type === 'pathPattern') return null;
  if (condition.type !== 'all') return condition;
  return allOf(condition.of.filter(({ type }) => type !== 'pathPattern'));
}

function allOf(parts: readonly (Condition | null)[]): Condition | null {
  const of = parts.filter((part) => part !== null);
  const [only = null] = of;
  return of.length > 1 ? { type: 'all', of } : only;
}

/** Services that differ in their hosts only are one; each gets a name of its own. */
export function mergeServices(services: readonly ServiceClaims[]): readonly ServiceClaims[] {
  const merged = new Map<string, ServiceClaims>();
  for (const service of services) {
    const key = canonicalJson({ ...service, hosts: [] });
    const before = merged.get(key);
    const hosts = before === undefined ? service.hosts : [...new Set([...before.hosts, ...service.hosts])];
    merged.set(key, { ...service, hosts });
  }
  return [...merged.values()].map((service, index) => ({
    ...service,
    service: index === 0 ? '' : `site-${index + 1}`,
  }));
}
