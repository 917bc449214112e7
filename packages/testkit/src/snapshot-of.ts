import { createHash } from 'node:crypto';
import {
  DEFAULT_HTTPS,
  DEFAULT_LIMITS,
  ROUTE_DEFAULTS,
  type Backend,
  type CertificateRef,
  type Challenge,
  type HeaderRules,
  type Limits,
  type Listener,
  type PluginUse,
  type Route,
  type RouteAction,
  type Snapshot,
  type StreamRoute,
  type TlsPolicy,
  type WakeGroup,
  type WorkerSettings,
} from '@dproxy/core';

/** An origin, or anything else that has a port; more fields of `Backend` where they matter. */
export interface BackendSpec extends Partial<Omit<Backend, 'port'>> {
  readonly port: number;
  readonly weight?: number;
}

export interface RouteSpec extends Partial<Omit<Route, 'id' | 'host' | 'action' | 'headers' | 'plugins'>> {
  /** Modules, with options where they matter. */
  readonly plugins?: readonly (string | PluginUse)[];
  readonly host: string;
  /** One or several backends; for anything but forwarding say `action`. */
  readonly to?: BackendSpec | readonly BackendSpec[];
  readonly action?: RouteAction;
  readonly headers?: Partial<HeaderRules>;
}

export interface SnapshotSpec {
  /** Full specs, or host -> origin for the plain case. */
  readonly routes?: readonly RouteSpec[] | Readonly<Record<string, BackendSpec | readonly BackendSpec[]>>;
  /** Default: `http` on 127.0.0.1, port 0, public port 80. */
  readonly listeners?: readonly Listener[];
  readonly backends?: readonly Backend[];
  readonly streams?: readonly StreamRoute[];
  readonly certificates?: readonly CertificateRef[];
  readonly challenges?: readonly Challenge[];
  readonly tlsPolicies?: readonly TlsPolicy[];
  readonly wakeGroups?: readonly WakeGroup[];
  /** File name -> content. */
  readonly pages?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Omit<WorkerSettings, 'limits'>>;
  readonly limits?: Partial<Limits>;
  /** Default 1. */
  readonly version?: number;
}

const NO_RULES: HeaderRules = { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] };

/** A listener on loopback and port 0; ask the data plane for its address. */
export function listenerOf(spec: Partial<Listener> = {}): Listener {
  const { protocol = 'http' } = spec;
  return {
    id: protocol,
    protocol,
    addresses: [{ host: '127.0.0.1', port: 0 }],
    publicPort: protocol === 'https' ? 443 : 80,
    proxyProtocol: [],
    ...spec,
  };
}

/** Plain TCP of the listener `tcp:1`, to these backends. */
export function streamOf({
  backendIds = [],
  ...spec
}: Partial<StreamRoute> & { backendIds?: readonly string[] } = {}): StreamRoute {
  const { listenerId = 'tcp:1', host = '*' } = spec;
  return {
    id: `${listenerId}/${host}`,
    listenerId,
    host,
    protocol: 'tcp',
    tls: 'none',
    clients: [],
    alpn: [],
    connectionsPerClient: 0,
    priority: 0,
    idleMs: 0,
    backends: backendIds.map((backendId) => ({ backendId, weight: 1 })),
    panic: false,
    wakeGroup: '',
    origins: [{ source: 'test', name: host, line: 0, project: '' }],
    ...spec,
  };
}

export function backendOf(spec: BackendSpec): Backend {
  const { weight: _weight, ...backend } = pick(spec);
  return backend;
}

/** The least Snapshot that serves these routes: what the primary would have sent. */
export function snapshotOf(spec: SnapshotSpec = {}): Snapshot {
  const backends = new Map<string, Backend>((spec.backends ?? []).map((backend) => [backend.id, backend]));
  const routes = new Map<string, Route>();
  for (const routeSpec of routeSpecs(spec.routes)) {
    const route = routeOf(routeSpec, backends);
    routes.set(route.id, route);
  }
  const pages = Object.entries(spec.pages ?? {}).map(([id, content]) => [id, { id, content }] as const);
  const content = {
    listeners: byId(spec.listeners ?? [listenerOf()]),
    routes,
    streams: byId(spec.streams ?? []),
    backends,
    certificates: byId(spec.certificates ?? []),
    pages: new Map(pages),
    challenges: byId(spec.challenges ?? []),
    tlsPolicies: byId(spec.tlsPolicies ?? []),
    wakeGroups: byId(spec.wakeGroups ?? []),
    settings: settingsOf(spec),
  };
  return { ...content, version: spec.version ?? 1, hash: hashOf(content) };
}

function routeSpecs(routes: SnapshotSpec['routes'] = []): readonly RouteSpec[] {
  if (isList(routes)) return routes;
  return Object.entries(routes).map(([host, to]) => ({ host, to }));
}

function isList<T>(value: T | readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

function routeOf(spec: RouteSpec, backends: Map<string, Backend>): Route {
  const { host, to = [], action, headers, plugins = [], ...options } = spec;
  const path = options.path ?? '/';
  const audience = options.audience ?? 'everyone';
  return {
    audience,
    timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
    plugins: plugins.map((use) => (typeof use === 'string' ? { module: use, options: {} } : use)),
    listeners: [],
    ...ROUTE_DEFAULTS,
    https: DEFAULT_HTTPS,
    fallThrough: true,
    origins: [{ source: 'test', name: host, line: 0, project: '' }],
    ...options,
    id: `${audience === 'local' ? 'local:' : ''}${host}${path}${matchSuffix(options)}`,
    host,
    path,
    headers: { ...NO_RULES, ...headers },
    action: action ?? { type: 'forward', backends: refsOf(to, backends) },
  };
}

/** Tells routes of the same host and path apart, as the merge does. */
function matchSuffix({ pathMatch = 'segments', condition = null }: Partial<Route>): string {
  return pathMatch === 'segments' && condition === null ? '' : ` #${JSON.stringify([pathMatch, condition])}`;
}

function refsOf(to: BackendSpec | readonly BackendSpec[], backends: Map<string, Backend>) {
  return (isList<BackendSpec>(to) ? to : [to]).map((spec) => {
    const backend = backendOf(spec);
    backends.set(backend.id, backend);
    return { backendId: backend.id, weight: spec.weight ?? 1 };
  });
}

/** By name: an `Origin` is a spec too, and its other fields have no place in a Snapshot. */
function pick(spec: BackendSpec): Backend & { weight: number } {
  const { protocol = 'http', address = '127.0.0.1', port } = spec;
  const url = `${protocol}://${address}:${port}`;
  return {
    id: spec.id ?? `file:${url}`,
    name: spec.name ?? url,
    protocol,
    address,
    port,
    state: spec.state ?? 'ready',
    reason: spec.reason ?? '',
    tlsVerify: spec.tlsVerify ?? true,
    proxyProtocol: spec.proxyProtocol ?? '',
    containerId: spec.containerId ?? '',
    weight: spec.weight ?? 1,
  };
}

function settingsOf(spec: SnapshotSpec): WorkerSettings {
  return {
    trustedProxies: [],
    debugClients: [],
    debugHeaders: true,
    localNamesClients: [],
    accessLog: false,
    serverName: 'edge.test',
    drainMs: 1_000,
    ownAddresses: [],
    passChallenges: false,
    tls: { profile: 'intermediate', onDemand: false },
    ...spec.settings,
    limits: { ...DEFAULT_LIMITS, ...spec.limits },
  };
}

function byId<T extends { readonly id: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.map((entry) => [entry.id, entry]));
}

function hashOf(content: object): string {
  const text = JSON.stringify(content, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
  return createHash('sha256').update(text).digest('hex');
}
