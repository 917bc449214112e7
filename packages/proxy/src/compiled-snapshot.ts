import type { Backend, RouteTable } from '@dproxy/core';
import type { CompiledRoute } from './compiled-route.ts';
import type { CompiledSettings } from './compiled-settings.ts';
import type { CompiledStreams } from './compiled-streams.ts';
import type { WaitingPages } from './pages/waiting/index.ts';

/** A Snapshot as the data plane uses it. Immutable but for the positions of the balancing. */
export interface CompiledSnapshot extends CompiledSettings {
  readonly routes: ReadonlyMap<string, CompiledRoute>;
  readonly table: RouteTable<CompiledRoute>;
  readonly streams: CompiledStreams;
  readonly waitingPages: WaitingPages;
  readonly isUsable: (backend: Backend) => boolean;
}
