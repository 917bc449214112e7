import type { Duplex } from 'node:stream';
import type { Listener } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { Services } from '../services.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { Endpoints, Peer } from './peer.ts';

/** Who counts and ends connections. */
export interface DownstreamOwner {
  readonly listener: Listener;
  /** The listener is going away, though the worker may stay. */
  readonly isDraining: boolean;
  onDownstreamClosed(connection: DownstreamConnection): void;
  /** Serves the end of a connection in memory: what plugins send on. */
  serve(socket: Duplex, chosen: Chosen): void;
}

/** What is known before the first request of a connection that comes from plugins. */
export interface Chosen {
  readonly route: CompiledRoute;
  readonly peer: Peer;
}

export interface DownstreamOptions {
  readonly owner: DownstreamOwner;
  readonly services: Services;
  readonly endpoints: Endpoints;
  readonly chosen?: Chosen;
}
