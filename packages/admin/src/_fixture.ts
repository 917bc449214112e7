import type {
  Balancer,
  BalancerChange,
  BalancerStatus,
  ContainerMaker,
  ContainerOrder,
  Explainer,
  Explanation,
  ExplainRequest,
  Inspector,
  Log,
  MadeContainer,
  Route,
  RouteStatistics,
  StatisticsReader,
  StreamRoute,
} from '@dproxy/core';
import { DEFAULT_HTTPS, ROUTE_DEFAULTS, silentLog } from '@dproxy/core';
import { type Admin, type AdminOptions, createAdmin } from './admin.ts';

export const TOKEN = 'correct-horse-battery-staple';
export const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` };

/** A balancer in memory that notes what it was asked for. */
export class FakeBalancer implements Balancer {
  readonly calls: string[] = [];
  size = 2;
  isDone = true;
  supervisor: BalancerStatus['supervisor'] = 'ok';
  failure: Error | undefined;

  status(): BalancerStatus {
    const workers = Array.from(
      { length: this.size },
      (_, id) => ({ id, pid: 100 + id, state: 'online', snapshot: 7 }) as const,
    );
    return { state: this.size === 0 ? 'stopped' : 'running', size: this.size, workers, supervisor: this.supervisor };
  }

  start(): Promise<BalancerChange> {
    return this.#act('start', 2);
  }

  stop(): Promise<BalancerChange> {
    return this.#act('stop', 0);
  }

  resize(size: number): Promise<BalancerChange> {
    return this.#act(`resize ${size}`, size);
  }

  replaceAll(): Promise<BalancerChange> {
    return this.#act('replace', this.size);
  }

  async #act(call: string, size: number): Promise<BalancerChange> {
    this.calls.push(call);
    if (this.failure !== undefined) throw this.failure;
    this.size = size;
    return { done: this.isDone, status: this.status() };
  }
}

/** Makes nothing, and notes what it was asked for. */
export class FakeMaker implements ContainerMaker {
  readonly calls: string[] = [];
  made: MadeContainer = {
    name: 'web-1',
    id: 'ab'.repeat(32),
    image: 'docker.io/library/nginx',
    tag: 'latest',
    engine: 'unix:///var/run/docker.sock',
    state: 'running',
    pull: null,
    problem: '',
  };
  failure: Error | undefined;

  list(): Promise<readonly MadeContainer[]> {
    return Promise.resolve([this.made]);
  }

  make(order: ContainerOrder): Promise<MadeContainer> {
    return this.#act(`make ${JSON.stringify(order)}`);
  }

  start(ref: string): Promise<MadeContainer> {
    return this.#act(`start ${ref}`);
  }

  stop(ref: string): Promise<MadeContainer> {
    return this.#act(`stop ${ref}`);
  }

  remove(ref: string): Promise<MadeContainer> {
    return this.#act(`remove ${ref}`);
  }

  async #act(call: string): Promise<MadeContainer> {
    this.calls.push(call);
    if (this.failure !== undefined) throw this.failure;
    return this.made;
  }
}

const STREAM: StreamRoute = {
  id: 'https/db.example',
  listenerId: 'https',
  host: 'db.example',
  protocol: 'tcp',
  tls: 'passthrough',
  clients: ['10.0.0.0/8'],
  alpn: [],
  connectionsPerClient: 0,
  priority: 0,
  idleMs: 0,
  backends: [{ backendId: 'file:tcp://db:5432', weight: 1 }],
  panic: false,
  wakeGroup: '',
  origins: [],
};

const origin = { source: 'file:/etc/dproxy.yml', name: 'routes[0]', line: 3, project: '' };

const route: Route = {
  ...ROUTE_DEFAULTS,
  id: 'app.test/',
  host: 'app.test',
  path: '/',
  action: { type: 'forward', backends: [{ backendId: 'file:http://u:canary@127.0.0.1:1', weight: 1 }] },
  origins: [origin],
  audience: 'everyone',
  headers: {
    requestSet: [['authorization', 'Bearer canary']],
    requestRemove: [],
    responseSet: [['x-ok', 'visible']],
    responseRemove: [],
  },
  timeouts: { connectMs: 0, responseMs: 0, idleMs: 0 },
  plugins: [],
  listeners: [],
  https: DEFAULT_HTTPS,
  fallThrough: true,
};

export const inspector: Inspector = {
  containers: () => [
    {
      id: 'abc',
      name: 'web',
      image: 'nginx',
      engine: 'unix:///var/run/docker.sock',
      state: 'running',
      health: '',
      hosts: ['web.localhost'],
      backends: [{ id: 'docker:abc/web:80', address: '172.17.0.2', port: 80, state: 'ready' }],
      reason: '',
    },
  ],
  backends: () => [
    {
      id: 'file:http://u:canary@127.0.0.1:1',
      name: 'http://u:canary@127.0.0.1:1',
      protocol: 'http',
      address: '127.0.0.1',
      port: 1,
      state: 'ready',
      reason: '',
      tlsVerify: true,
      proxyProtocol: '',
      containerId: '',
    },
  ],
  routes: () => ({
    routes: [route],
    shadowed: [{ host: 'app.test', path: '/', origin, shadowedBy: origin, reason: 'younger' }],
  }),
  streams: () => ({
    streams: [STREAM],
    shadowed: [{ listenerId: 'https', host: 'db.example', origin, shadowedBy: origin, reason: 'it is older' }],
  }),
  wakeGroups: () => [
    {
      id: 'docker:local/project:shop',
      name: 'shop',
      state: 'asleep',
      message: '',
      members: [{ name: 'shop-web-1', service: 'web', state: 'stopped', health: 'none' }],
      failure: 'web: exited with code 1',
      retryAfterS: 5,
      idle: { state: 'asleep', reason: 'nothing of it runs', idleMs: 0, leftMs: 0, isOurs: true },
    },
  ],
  rejected: () => [{ source: '/etc/dproxy.yml', line: 4, column: 2, message: 'unknown key "hots"', expected: 'host' }],
  certificates: () => [
    {
      names: ['app.test'],
      kind: 'acme',
      state: 'failed',
      id: '',
      issuer: 'letsencrypt',
      notBeforeMs: 0,
      notAfterMs: 0,
      renewMs: 0,
      nextAttemptMs: 1_795_000_000_000,
      failures: 2,
      problem: 'app.test leads to 192.0.2.7',
      advice: 'let its DNS record name this machine',
    },
  ],
  warnings: () => ['tcp_migrate_req is 0'],
};

/** Says what it was asked, where a value of the caller can stand. */
export class FakeExplainer implements Explainer {
  readonly asked: ExplainRequest[] = [];

  explain(request: ExplainRequest): Explanation {
    this.asked.push(request);
    if (request.url === 'bad') throw new RangeError('url is "bad"; expected a URL');
    return { ...EXPLANATION, url: request.url };
  }
}

const EXPLANATION: Explanation = {
  url: '',
  scheme: 'http',
  host: 'app.test',
  path: '/',
  listener: 'http',
  client: '127.0.0.1',
  isLocal: true,
  outcome: 'exact',
  answer: { type: 'respond', ok: true, status: 200, code: '', location: '', detail: 'app.test/ answers 200' },
  candidates: [
    {
      id: 'app.test/',
      host: 'app.test',
      path: '/',
      verdict: 'chosen',
      checks: [{ matcher: 'host', passed: true, detail: 'app.test is named' }],
      reason: '',
      from: ['routes[0] (file:/etc/dproxy.yml)'],
    },
  ],
  filters: [{ filter: 'request-headers', detail: 'sets authorization', values: [['authorization', 'Basic c2VjcmV0']] }],
  backends: [
    {
      id: 'file:http://10.0.0.1',
      name: 'http://user:secret@10.0.0.1',
      protocol: 'http',
      address: '10.0.0.1',
      port: 80,
      state: 'unhealthy',
      weight: 1,
      mayBeChosen: false,
      reason: 'it is unhealthy',
    },
  ],
  tls: {
    serverName: 'app.test',
    certificateKind: 'local',
    certificateId: 'ab',
    names: ['app.test'],
    issuer: 'local',
    notAfterMs: 1,
    alert: '',
    policy: { id: '', profile: 'intermediate', clientCertificates: 'none' },
    redirect: '',
  },
  shadowed: [
    {
      host: 'app.test',
      path: '/',
      origin: { source: 'docker', name: 'late', line: 0, project: '' },
      shadowedBy: { source: 'docker', name: 'early', line: 0, project: '' },
      reason: 'older',
    },
  ],
  didYouMean: ['apps.test'],
  unrouted: [{ name: 'lost', reason: 'no port' }],
  notes: ['a note'],
};

export const STATISTICS_READER: StatisticsReader = {
  read: (match) => {
    const traffic = {
      id: 'app.test/',
      active: 1,
      requests: 4,
      statuses: [0, 3, 0, 0, 1],
      errors: 1,
      bytesIn: 10,
      bytesOut: 2_048,
      totalMs: 20,
    } as const;
    const one: RouteStatistics = {
      id: 'app.test/',
      kind: 'http',
      host: 'app.test',
      path: '/',
      listeners: [],
      origins: [origin],
      traffic,
      workers: [{ pid: 7, traffic }],
      backends: [
        {
          id: 'file:http://me:secret@app',
          name: 'http://me:secret@10.0.0.1:80',
          address: '10.0.0.1',
          port: 80,
          state: 'unhealthy',
          reason: '<b>its health check fails</b>',
          weight: 1,
          traffic,
        },
        {
          id: 'docker:b',
          name: '=cmd()',
          address: '',
          port: 80,
          state: 'stopped',
          reason: 'it does not run, "web"',
          weight: 1,
          traffic: undefined,
        },
      ],
    };
    const worker = { id: 1, pid: 7, state: 'online', snapshot: 3, tunnels: 0, upstreamConnections: 1 } as const;
    return Promise.resolve({
      atMs: Date.UTC(2026, 10, 21),
      server: 'edge-1',
      workers: [{ ...worker, requests: 4, connections: 2, bytesIn: 10, bytesOut: 2_048, errors: 1 }],
      routes: one.id.includes(match) ? [one] : [],
      routeCount: 1,
    });
  },
};

export interface Running {
  readonly admin: Admin;
  readonly port: number;
  readonly balancer: FakeBalancer;
  readonly explainer: FakeExplainer;
  readonly maker: FakeMaker;
  readonly logged: string[];
}

export async function startAdmin(options: Partial<AdminOptions> = {}, host = '127.0.0.1'): Promise<Running> {
  const balancer = new FakeBalancer();
  const explainer = new FakeExplainer();
  const maker = new FakeMaker();
  const logged: string[] = [];
  const note = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { ...silentLog, warn: note, error: note };
  const readMetrics = (): Promise<string> => Promise.resolve('dproxy_requests_total 1\n');
  const admin = createAdmin({
    statistics: STATISTICS_READER,
    balancer,
    inspector,
    explainer,
    maker,
    readMetrics,
    retryCertificate: (name) => name === 'app.test',
    token: TOKEN,
    tokenAlways: false,
    log,
    ...options,
  });
  const { port } = await admin.listen(host, 0);
  return { admin, port, balancer, explainer, maker, logged };
}
