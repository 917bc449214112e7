import {
  compileCidrs,
  type Limits,
  RoundRobin,
  type Snapshot,
  StreamTable,
  type StreamRoute,
  type WorkerSlot,
} from '@dproxy/core';
import { poolShares } from './balance/pool-balancer.ts';
import { staffingOf } from './balance/staffing.ts';
import { ClientCounts } from './client/client-counts.ts';
import type { CompiledStream, CompiledStreams } from './compiled-streams.ts';
import type { UpstreamPools } from './upstream/upstream-pools.ts';

export interface StreamsContext {
  readonly worker: WorkerSlot;
  readonly pools: UpstreamPools;
  /** Backends with another pool than before, or none any more. */
  readonly changedPools: ReadonlySet<string>;
  /** What served until now, and the Snapshot that it was made of. */
  readonly previous: { readonly streams: CompiledStreams; readonly source: Snapshot } | undefined;
}

/** Only what has changed is made anew; turns of balancing and counts of connections go on where they were. */
export function compileStreams(snapshot: Snapshot, context: StreamsContext): CompiledStreams {
  const { streams, settings } = snapshot;
  const { previous, changedPools } = context;
  const isSame =
    previous?.source.streams === streams &&
    previous.source.settings.limits === settings.limits &&
    changedPools.size === 0;
  if (isSame) return previous.streams;
  const byId = new Map<string, CompiledStream>();
  for (const [id, route] of streams) {
    byId.set(id, compile(route, snapshot, { ...context, before: previous?.streams.byId.get(id) }));
  }
  const groups = Map.groupBy(byId.values(), ({ route }) => route.listenerId);
  return { byId, byListener: new Map([...groups].map(([id, group]) => [id, new StreamTable(group)])) };
}

interface StreamContext extends StreamsContext {
  readonly before: CompiledStream | undefined;
}

function compile(
  route: StreamRoute,
  { backends, settings }: Snapshot,
  { worker, pools, before }: StreamContext,
): CompiledStream {
  const shares = poolShares(route.backends, { backends, pools }, route.panic);
  return {
    route,
    admits: route.clients.length === 0 ? everybody : compileCidrs(route.clients),
    staffing: staffingOf(shares),
    balance: new RoundRobin(shares, worker, before?.balance),
    readyCount: shares.length,
    idleMs: route.idleMs > 0 ? route.idleMs : defaultIdleMs(route, settings.limits),
    counts: before?.counts ?? new ClientCounts(),
  };
}

function everybody(): boolean {
  return true;
}

function defaultIdleMs({ protocol }: StreamRoute, limits: Limits): number {
  return protocol === 'udp' ? limits.udpIdleMs : limits.tunnelIdleMs;
}
