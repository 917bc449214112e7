import type { Backend } from './backend.ts';
import type { Origin } from './route.ts';
import type { Traffic } from './traffic.ts';
import type { WorkerState } from './ports.ts';

export interface BackendStatistics extends Pick<Backend, 'id' | 'name' | 'address' | 'port' | 'state' | 'reason'> {
  readonly weight: number;
  /** Of all routes that it has. Absent: nothing yet. */
  readonly traffic: Traffic | undefined;
}

/** What all workers together have seen of one route, or of one raw TCP or UDP service. */
export interface RouteStatistics {
  readonly id: string;
  readonly kind: 'http' | 'tcp' | 'udp';
  readonly host: string;
  /** Empty for TCP and UDP. */
  readonly path: string;
  /** Listeners that it is restricted to; empty: all. */
  readonly listeners: readonly string[];
  readonly origins: readonly Origin[];
  readonly traffic: Traffic | undefined;
  /** By worker; those that have seen nothing of it are left out. */
  readonly workers: readonly { readonly pid: number; readonly traffic: Traffic }[];
  readonly backends: readonly BackendStatistics[];
}

export interface WorkerStatistics {
  /** PM2's id. */
  readonly id: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Version of the Snapshot that it serves. */
  readonly snapshot: number;
  readonly requests: number;
  readonly connections: number;
  readonly tunnels: number;
  readonly upstreamConnections: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** All codes together. */
  readonly errors: number;
}

/** One look at everything that is served. */
export interface Statistics {
  /** Epoch milliseconds. */
  readonly atMs: number;
  /** `serverName`. */
  readonly server: string;
  readonly workers: readonly WorkerStatistics[];
  /** Those with the most requests first; at most 1,000. */
  readonly routes: readonly RouteStatistics[];
  /** How many there are. */
  readonly routeCount: number;
}

/** The port behind the statistics page. */
export interface StatisticsReader {
  /** @param match only routes whose id contains it; empty: all */
  read(match: string): Promise<Statistics>;
}
