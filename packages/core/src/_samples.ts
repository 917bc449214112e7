import * as fc from 'fast-check';
import type { Backend } from './backend.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { buildSnapshot, type SnapshotInput } from './merge.ts';
import { DEFAULT_HTTPS, ROUTE_DEFAULTS, type Origin, type Route, type RouteDefinition } from './route.ts';
import { readCookies, readQuery, type RequestFacts, type ValuesByName } from './request-facts.ts';
import type { WorkerSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import type { SourceState } from './source.ts';

/** Values for the tests of this package; testkit, which has more, is built on this package. */

export const ENGINE = 'docker:unix:///var/run/docker.sock';

export const SETTINGS: WorkerSettings = {
  trustedProxies: [],
  debugClients: [],
  debugHeaders: true,
  localNamesClients: [],
  accessLog: false,
  serverName: 'edge-1',
  limits: DEFAULT_LIMITS,
  drainMs: 30_000,
  ownAddresses: ['0.0.0.0:80', '[::]:443', '127.0.0.1:16000'],
  passChallenges: false,
  tls: { profile: 'intermediate', onDemand: false },
};

const OPTIONS = {
  ...ROUTE_DEFAULTS,
  path: '/',
  audience: 'everyone',
  headers: { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] },
  timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
  plugins: [],
  listeners: [],
  https: DEFAULT_HTTPS,
} as const;

export function sampleBackend(id: string, more: Partial<Backend> = {}): Backend {
  return {
    id,
    name: id,
    protocol: 'http',
    address: '172.17.0.2',
    port: 80,
    state: 'ready',
    reason: '',
    tlsVerify: true,
    proxyProtocol: '',
    containerId: `${id}-container`,
    ...more,
  };
}

export function sampleRoute(host: string, more: Partial<Route> = {}): Route {
  const audience = more.audience ?? 'everyone';
  return {
    ...OPTIONS,
    fallThrough: true,
    action: { type: 'forward', backends: [] },
    origins: [],
    ...more,
    id: more.id ?? `${audience === 'local' ? 'local:' : ''}${host}${more.path ?? '/'}`,
    host,
  };
}

export interface DefinitionSpec extends Partial<Omit<RouteDefinition, 'origin' | 'backends'>> {
  readonly origin?: Partial<Origin>;
  readonly backends?: readonly Backend[];
}

/** What discovery says about the container `name`. */
export function sampleContainer(name: string, hosts: readonly string[], spec: DefinitionSpec = {}): RouteDefinition {
  const backends = spec.backends ?? [sampleBackend(`docker:${name}/web:80`)];
  return {
    ...OPTIONS,
    id: name,
    hosts,
    sinceMs: 1_000,
    action: { type: 'forward', backends: backends.map(({ id }) => ({ backendId: id, weight: 1 })) },
    ...spec,
    backends,
    origin: { source: ENGINE, name, line: 0, project: '', ...spec.origin },
  };
}

/** An entry of dproxy.yml. */
export function sampleEntry(index: number, hosts: readonly string[], spec: DefinitionSpec = {}): RouteDefinition {
  const backend = sampleBackend(`file:http://127.0.0.1:${3_000 + index}`, { containerId: '', address: '127.0.0.1' });
  return sampleContainer(`routes[${index}]`, hosts, {
    backends: [backend],
    ...spec,
    origin: { source: 'file:/etc/dproxy.yml', line: index + 1, ...spec.origin },
  });
}

export function sourceOfAll(definitions: readonly RouteDefinition[], source = ENGINE): SourceState {
  return { source, definitions, rejected: [] };
}

export function inputOf(definitions: readonly RouteDefinition[], more: Partial<SnapshotInput> = {}): SnapshotInput {
  return {
    sources: [sourceOfAll(definitions)],
    listeners: [],
    settings: SETTINGS,
    certificates: [],
    pages: [],
    ...more,
  };
}

export function sampleSnapshot(definitions: readonly RouteDefinition[], previous?: Snapshot): Snapshot {
  return buildSnapshot(inputOf(definitions, { previous })).snapshot;
}

/** Of a request; `headers` are lines that end in CRLF. */
export function sampleFacts(request: {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: string;
  readonly client?: string;
  readonly isEncrypted?: boolean;
}): RequestFacts {
  const headers = readHeaderLines(request.headers ?? '');
  const cookies = readCookies(headers.get('cookie') ?? []);
  const query = readQuery(request.query ?? '');
  return {
    method: request.method ?? 'GET',
    host: request.host ?? 'app.example.com',
    path: request.path ?? '/',
    header: (name) => headers.get(name) ?? [],
    cookie: (name) => cookies.get(name) ?? [],
    query: (name) => query.get(name) ?? [],
    clientAddress: request.client ?? '192.0.2.1',
    isEncrypted: request.isEncrypted ?? false,
  };
}

function readHeaderLines(block: string): ValuesByName {
  const values = new Map<string, string[]>();
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const name = line.slice(0, colon).toLowerCase();
    values.set(name, [...(values.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return values;
}

/** Few names, so that they meet; those of `Object.prototype` among them. */
export const hostArbitrary = fc
  .array(fc.constantFrom('a', 'b', 'c', 'www', '__proto__', 'constructor', 'tostring'), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'));

export const pathArbitrary = fc
  .array(fc.constantFrom('a', 'ab', 'a-b', 'b', 'constructor', '.well-known'), { maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`);

/** Containers as they come and go: each may appear with other settings, age or state. */
export const definitionsArbitrary: fc.Arbitrary<RouteDefinition[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.constantFrom('one', 'two', 'three', 'four', '__proto__'),
      hosts: fc.array(hostArbitrary, { minLength: 1, maxLength: 3 }),
      path: pathArbitrary,
      sinceMs: fc.integer({ min: 0, max: 5 }),
      state: fc.constantFrom('ready' as const, 'unhealthy' as const),
      weight: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ name, hosts, path, sinceMs, state, weight }) => {
      const backend = sampleBackend(`docker:${name}/web:80`, { state });
      const action = { type: 'forward' as const, backends: [{ backendId: backend.id, weight }] };
      return sampleContainer(name, hosts, { path, sinceMs, backends: [backend], action });
    }),
  { selector: ({ id }) => id, maxLength: 5 },
);
