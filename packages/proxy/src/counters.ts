import type { ErrorCode, WorkerStats } from '@dproxy/core';

/** What a worker counts. Plain numbers, so that counting costs an addition. */
export class Counters {
  requests = 0;
  connections = 0;
  tunnels = 0;
  upstreamConnections = 0;
  bytesIn = 0;
  bytesOut = 0;
  readonly #errors = new Map<ErrorCode, number>();

  countError(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  read(): WorkerStats {
    return {
      requests: this.requests,
      connections: this.connections,
      tunnels: this.tunnels,
      upstreamConnections: this.upstreamConnections,
      errors: Object.fromEntries(this.#errors),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
    };
  }
}
