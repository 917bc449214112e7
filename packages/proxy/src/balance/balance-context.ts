import type { Backend, WorkerSlot } from '@dproxy/core';
import type { BackendAges } from '../upstream/backend-ages.ts';
import type { UpstreamPools } from '../upstream/upstream-pools.ts';

/** Who takes part in the balancing of a Snapshot. */
export interface BalanceContext {
  readonly backends: ReadonlyMap<string, Backend>;
  readonly worker: WorkerSlot;
  readonly pools: UpstreamPools;
  /** Absent: no backend is young. */
  readonly ages?: Pick<BackendAges, 'readySinceMs'> | undefined;
}
