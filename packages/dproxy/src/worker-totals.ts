import { sumTraffic, type Traffic, type WorkerStats } from '@dproxy/core';

type Counted = 'requests' | 'upstreamConnections' | 'ejections' | 'bytesIn' | 'bytesOut';

/** Counters of all workers, those that are gone included: a counter that falls would look like a restart to Prometheus. */
export interface Totals extends Readonly<Record<Counted, number>> {
  readonly errors: ReadonlyMap<string, number>;
  /** Gauges: of the workers that answered now. */
  readonly connections: number;
  readonly tunnels: number;
  readonly held: number;
  readonly routes: readonly Traffic[];
  readonly backends: readonly Traffic[];
}

/** Adds up what workers count. What one counted after its last answer is lost with it. */
export class WorkerTotals {
  /** The last answer of each process. */
  readonly #last = new Map<number, WorkerStats>();
  #gone: readonly WorkerStats[] = [];

  add(answers: readonly { readonly pid: number; readonly stats: WorkerStats }[], running: ReadonlySet<number>): Totals {
    for (const { pid, stats } of answers) this.#last.set(pid, stats);
    for (const [pid, stats] of this.#last) {
      if (running.has(pid)) continue;
      this.#last.delete(pid);
      this.#gone = [sumUp([...this.#gone, withoutGauges(stats)])];
    }
    return sumOf(
      [...this.#gone, ...this.#last.values()],
      answers.map(({ stats }) => stats),
    );
  }
}

function sumOf(all: readonly WorkerStats[], now: readonly WorkerStats[]): Totals {
  const { requests, upstreamConnections, ejections, bytesIn, bytesOut, errors, routes, backends } = sumUp(all);
  const { connections, tunnels, held } = sumUp(now);
  return {
    requests,
    bytesIn,
    bytesOut,
    errors: new Map(Object.entries(errors)),
    connections,
    tunnels,
    held,
    upstreamConnections,
    ejections,
    routes,
    backends,
  };
}

/** Nothing is under way in a process that is gone. */
function withoutGauges(stats: WorkerStats): WorkerStats {
  const idle = (list: readonly Traffic[]): Traffic[] => list.map((traffic) => ({ ...traffic, active: 0 }));
  return { ...stats, routes: idle(stats.routes), backends: idle(stats.backends) };
}

function sumUp(list: readonly WorkerStats[]): WorkerStats {
  const errors = new Map<string, number>();
  for (const stats of list) {
    for (const [code, count] of Object.entries(stats.errors)) errors.set(code, (errors.get(code) ?? 0) + count);
  }
  const sum = (name: Exclude<keyof WorkerStats, 'errors' | 'routes' | 'backends'>): number =>
    list.reduce((total, stats) => total + stats[name], 0);
  return {
    requests: sum('requests'),
    connections: sum('connections'),
    tunnels: sum('tunnels'),
    held: sum('held'),
    upstreamConnections: sum('upstreamConnections'),
    ejections: sum('ejections'),
    bytesIn: sum('bytesIn'),
    bytesOut: sum('bytesOut'),
    errors: Object.fromEntries(errors),
    routes: sumTraffic(list.map((stats) => stats.routes)),
    backends: sumTraffic(list.map((stats) => stats.backends)),
  };
}
