import type { ErrorCode, Snapshot, WorkerStats } from '@dproxy/core';
import { TrafficTable } from './traffic/traffic-table.ts';

/** What a worker counts. Plain numbers, so that counting costs an addition. */
export class Counters {
  requests = 0;
  connections = 0;
  tunnels = 0;
  /** Requests and connections of TCP that wait for a backend; a gauge. */
  held = 0;
  upstreamConnections = 0;
  ejections = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly routes = new TrafficTable();
  readonly backends = new TrafficTable();
  readonly #errors = new Map<ErrorCode, number>();

  countError(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** What is not in the table any more is forgotten. */
  follow({ routes, streams, backends }: Snapshot): void {
    this.routes.keep((id) => routes.has(id) || streams.has(id));
    this.backends.keep((id) => backends.has(id));
  }

  read(): WorkerStats {
    return {
      requests: this.requests,
      connections: this.connections,
      tunnels: this.tunnels,
      held: this.held,
      upstreamConnections: this.upstreamConnections,
      ejections: this.ejections,
      errors: Object.fromEntries(this.#errors),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      routes: this.routes.read(),
      backends: this.backends.read(),
    };
  }
}
