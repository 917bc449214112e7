import type { ConnectedWorker, SnapshotServer } from '@dproxy/cluster';
import type {
  BackendRef,
  BackendStatistics,
  Route,
  RouteStatistics,
  Snapshot,
  Statistics,
  StatisticsReader,
  StreamRoute,
  Traffic,
  WorkerStatistics,
  WorkerStats,
} from '@dproxy/core';
import { WorkerTotals } from './worker-totals.ts';

/** A worker that does not answer by then is shown without numbers. */
const STATS_MS = 1_000;
const MAX_ROUTES = 1_000;

export interface TrafficStatisticsParts {
  readonly server: Pick<SnapshotServer, 'stats' | 'workers'>;
  /** Undefined before the first table. */
  readonly snapshot: () => Snapshot | undefined;
  readonly nowMs: () => number;
}

type Answers = readonly { readonly pid: number; readonly stats: WorkerStats }[];

/** What the workers have counted, beside what the table says. Asked anew at each look. */
export class TrafficStatistics implements StatisticsReader {
  readonly #parts: TrafficStatisticsParts;
  readonly #totals = new WorkerTotals();

  constructor(parts: TrafficStatisticsParts) {
    this.#parts = parts;
  }

  async read(match: string): Promise<Statistics> {
    const { server, snapshot: current, nowMs } = this.#parts;
    const answers = await server.stats(STATS_MS);
    const workers = server.workers();
    const totals = this.#totals.add(answers, new Set(workers.map(({ pid }) => pid)));
    const snapshot = current();
    const all = snapshot === undefined ? [] : [...describeRoutes(snapshot)].filter(({ id }) => id.includes(match));
    const routeTraffic = byId(totals.routes);
    const counted = all.map((route) => ({ ...route, traffic: routeTraffic.get(route.id) }));
    counted.sort((a, b) => requestsOf(b.traffic) - requestsOf(a.traffic) || (a.id < b.id ? -1 : 1));
    const shown = counted.slice(0, MAX_ROUTES);
    const backends = new BackendRows(snapshot, byId(totals.backends));
    const perWorker = answers.map(({ pid, stats }) => ({ pid, routes: byId(stats.routes) }));
    return {
      atMs: nowMs(),
      server: snapshot?.settings.serverName ?? '',
      workers: workers.map((worker) => describeWorker(worker, answers)),
      routes: shown.map(({ refs, ...route }) => ({
        ...route,
        backends: backends.of(refs),
        workers: perWorker.flatMap(({ pid, routes }) => {
          const traffic = routes.get(route.id);
          return traffic === undefined ? [] : [{ pid, traffic }];
        }),
      })),
      routeCount: counted.length,
    };
  }
}

type Described = Omit<RouteStatistics, 'traffic' | 'workers' | 'backends'> & { readonly refs: readonly BackendRef[] };

function* describeRoutes({ routes, streams }: Snapshot): Generator<Described> {
  for (const route of routes.values()) yield describeRoute(route);
  for (const stream of streams.values()) yield describeStream(stream);
}

function describeRoute({ id, host, path, listeners, origins, action }: Route): Described {
  const refs = action.type === 'forward' ? action.backends : [];
  return { id, kind: 'http', host, path, listeners, origins, refs };
}

function describeStream({ id, host, protocol, listenerId, origins, backends }: StreamRoute): Described {
  return { id, kind: protocol, host, path: '', listeners: [listenerId], origins, refs: backends };
}

class BackendRows {
  readonly #backends: Snapshot['backends'];
  readonly #traffic: ReadonlyMap<string, Traffic>;

  constructor(snapshot: Snapshot | undefined, traffic: ReadonlyMap<string, Traffic>) {
    this.#backends = snapshot?.backends ?? new Map();
    this.#traffic = traffic;
  }

  of(refs: readonly BackendRef[]): BackendStatistics[] {
    return refs.flatMap(({ backendId, weight }) => {
      const backend = this.#backends.get(backendId);
      if (backend === undefined) return [];
      const { id, name, address, port, state, reason } = backend;
      return { id, name, address, port, state, reason, weight, traffic: this.#traffic.get(id) };
    });
  }
}

function describeWorker({ pid, pmId, state, version }: ConnectedWorker, answers: Answers): WorkerStatistics {
  const stats = answers.find((answer) => answer.pid === pid)?.stats;
  return {
    id: pmId,
    pid,
    state,
    snapshot: version,
    requests: stats?.requests ?? 0,
    connections: stats?.connections ?? 0,
    tunnels: stats?.tunnels ?? 0,
    upstreamConnections: stats?.upstreamConnections ?? 0,
    bytesIn: stats?.bytesIn ?? 0,
    bytesOut: stats?.bytesOut ?? 0,
    errors: Object.values(stats?.errors ?? {}).reduce((sum, count) => sum + count, 0),
  };
}

function byId(list: readonly Traffic[]): ReadonlyMap<string, Traffic> {
  return new Map(list.map((traffic) => [traffic.id, traffic]));
}

function requestsOf(traffic: Traffic | undefined): number {
  return traffic?.requests ?? 0;
}
