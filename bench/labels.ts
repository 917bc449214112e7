// `node bench/labels.ts [containers]`: from the labels and variables of 100,000 containers, a fifth of them in each language, to a
// table that workers match by. Prints the time of each step, and the growth from a tenth of them: 10 is linear.
import {
  buildSnapshot,
  compileRoutes,
  DEFAULT_LIMITS,
  type RequestFacts,
  type SourceState,
  type WorkerSettings,
} from '@dproxy/core';
import { describeTogether, type Container, type DiscoverySettings } from '@dproxy/discovery';

const settings: DiscoverySettings = {
  trustImages: false,
  exposedByDefault: true,
  dialects: {},
  listeners: ['http', 'https'],
  ownContainerId: '',
  hostReachesBridges: true,
};

const worker: WorkerSettings = {
  trustedProxies: [],
  debugClients: [],
  debugHeaders: false,
  localNamesClients: [],
  accessLog: false,
  serverName: 'bench',
  limits: DEFAULT_LIMITS,
  drainMs: 0,
  ownAddresses: [],
  passChallenges: false,
  tls: { profile: 'intermediate', onDemand: false },
};

type Words = Pick<Container, 'labels' | 'env'>;

const LANGUAGES: readonly ((host: string, index: number) => Words)[] = [
  (host) => labelled({ 'dproxy.host': host, 'dproxy.filters.0.stripPrefix': '/api' }),
  (host, index) =>
    labelled({
      [`traefik.http.routers.r${index}.rule`]: `Host(\`${host}\`) && PathPrefix(\`/api\`)`,
      [`traefik.http.routers.r${index}.middlewares`]: `m${index}`,
      [`traefik.http.middlewares.m${index}.stripprefix.prefixes`]: '/api',
    }),
  (host) => varied({ VIRTUAL_HOST: host, VIRTUAL_PATH: '/api/', VIRTUAL_DEST: '/' }),
  (host) =>
    labelled({ caddy: host, 'caddy.handle_path': '/api/*', 'caddy.handle_path.reverse_proxy': '{{upstreams 80}}' }),
  (host) => varied({ RPROXY: `http://${host}:80/api` }),
];

const count = Number(process.argv[2] ?? 100_000);
const small = run(count / 10);
const large = run(count);
console.log(`${count} containers, ${large.routes} routes`);
for (const [step, ms] of Object.entries(large.steps)) {
  console.log(`  ${step.padEnd(10)} ${ms.toFixed(0).padStart(6)} ms, x ${(ms / (small.steps[step] ?? ms)).toFixed(1)}`);
}

function run(size: number): { readonly routes: number; readonly steps: Record<string, number> } {
  const containers = Array.from({ length: size }, (_, index) => containerOf(index));
  const steps: Record<string, number> = {};
  const described = timed(steps, 'describe', () => describeTogether('bench', containers, settings).state);
  if (described.rejected.length > 0) throw new Error(JSON.stringify(described.rejected[0]));
  const { snapshot } = timed(steps, 'merge', () => merge(described));
  const table = timed(steps, 'compile', () => compileRoutes(snapshot.routes.values()));
  const scope = { isLocal: false, isOpened: false, listenerId: 'http' };
  const found = containers.filter(
    (_, index) => table.lookup(hostOf(index), '/api/x', scope, factsOf(hostOf(index))).routes.length > 0,
  );
  if (found.length !== size) throw new Error(`${found.length} of ${size} hosts are found`);
  return { routes: snapshot.routes.size, steps };
}

/** Those of a plain GET: routes of some languages have conditions. */
function factsOf(host: string): RequestFacts {
  return {
    method: 'GET',
    host,
    path: '/api/x',
    header: () => [],
    cookie: () => [],
    query: () => [],
    clientAddress: '192.0.2.1',
    isEncrypted: false,
  };
}

function merge(state: SourceState) {
  return buildSnapshot({ sources: [state], listeners: [], settings: worker, certificates: [], pages: [] });
}

function containerOf(index: number): Container {
  const id = index.toString(16).padStart(12, '0').padEnd(64, '0');
  const words = LANGUAGES[index % LANGUAGES.length]?.(hostOf(index), index) ?? labelled({});
  return {
    id,
    name: `c${index}`,
    image: 'bench',
    imageId: 'sha256:bench',
    createdMs: index,
    state: 'running',
    health: 'none',
    startedMs: 0,
    exitCode: 0,
    isAutoRemoved: false,
    stopSignal: 15,
    stopTimeoutMs: 10_000,
    hostname: id.slice(0, 12),
    domainname: '',
    networkMode: 'default',
    tcpPorts: [80],
    udpPorts: [],
    published: new Map(),
    hostPorts: [],
    publishedUdp: new Map(),
    attachments: [{ network: 'bridge', networkId: 'n', address: addressOf(index), gateway: '10.0.0.1' }],
    ...words,
  };
}

function hostOf(index: number): string {
  return `host${index}.example.com`;
}

function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

function labelled(labels: Readonly<Record<string, string>>): Words {
  return { labels: new Map(Object.entries(labels)), env: new Map() };
}

function varied(env: Readonly<Record<string, string>>): Words {
  return { labels: new Map(), env: new Map(Object.entries(env)) };
}

function timed<T>(steps: Record<string, number>, step: string, work: () => T): T {
  const startedMs = performance.now();
  const result = work();
  steps[step] = performance.now() - startedMs;
  return result;
}
