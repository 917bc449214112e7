import type { AddressMatcher, RoundRobin, StreamRoute, StreamTable } from '@dproxy/core';
import type { Staffing } from './balance/staffing.ts';
import type { ClientCounts } from './client/client-counts.ts';
import type { UpstreamPool } from './upstream/upstream-pool.ts';

/** A stream with everything that a connection needs of it prepared. */
export interface CompiledStream {
  readonly route: StreamRoute;
  readonly admits: AddressMatcher;
  readonly staffing: Staffing;
  readonly balance: RoundRobin<UpstreamPool>;
  /** Backends that may be chosen now. */
  readonly readyCount: number;
  readonly idleMs: number;
  /** Connections that are open now; the same under every Snapshot. */
  readonly counts: ClientCounts;
}

/** Of a Snapshot, by listener id. */
export interface CompiledStreams {
  readonly byListener: ReadonlyMap<string, StreamTable<CompiledStream>>;
  readonly byId: ReadonlyMap<string, CompiledStream>;
}
