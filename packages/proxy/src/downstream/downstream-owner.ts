import type { Duplex } from 'node:stream';
import type { Listener } from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';
import type { Peer } from '../client/peer.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { Services } from '../services.ts';

/** A connection of a client, whatever it speaks, as its listener sees it. */
export interface ClientConnection {
  /** Of one that comes from plugins. */
  readonly chosenRoute: CompiledRoute | undefined;
  /** Its last answer is written: nothing is lost when it ends. */
  readonly isClosing: boolean;
  /** The worker, or this listener, is going away: a busy connection ends with its answers, an idle one after a moment. */
  drain(): void;
}

/** Who counts and ends connections. */
export interface DownstreamOwner {
  readonly listener: Listener;
  /** The listener is going away, though the worker may stay. */
  readonly isDraining: boolean;
  onDownstreamClosed(connection: ClientConnection): void;
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
