import type { Backend, BackendRef } from './backend.ts';
import type { HealthCheck, Readiness } from './health-check.ts';
import type { Origin } from './route.ts';

interface StreamOptions {
  readonly protocol: 'tcp' | 'udp';
  /**
   * What happens to TLS: `none` is read, and bytes pass as they come; `terminate` ends it here, with the certificate of the
   * name; `passthrough` reads the name in the ClientHello, and bytes pass as they come.
   */
  readonly tls: 'none' | 'terminate' | 'passthrough';
  /** CIDRs that may connect; empty: everybody. */
  readonly clients: readonly string[];
  /** Protocols (ALPN) of which the client must offer one; empty: any. */
  readonly alpn: readonly string[];
  /** Connections, or sessions of UDP, of one client at the same time in one worker; 0: no limit of its own. */
  readonly connectionsPerClient: number;
  /** The higher first; equal: the more specific host. */
  readonly priority: number;
  /** Without a byte either way: of UDP the end of a session, of TCP that of a connection. 0: the default. */
  readonly idleMs: number;
}

/** What a source says about raw TCP or UDP: its own backends, on a port or on a listener that is there. */
export interface StreamDefinition extends StreamOptions {
  /** Unique within its source and stable. */
  readonly id: string;
  readonly origin: Origin;
  /** Id of a listener; empty: `port` says it, and the listener is opened for it. 80 and 443 are the ids `http` and `https`. */
  readonly listener: string;
  readonly port: number;
  /** Server names (SNI): `db.example.com`, `*.example.com` of any depth, `*` for all, also for clients that name none. */
  readonly hosts: readonly string[];
  readonly backends: readonly Backend[];
  readonly refs: readonly BackendRef[];
  /** Of TCP alone: nothing tells whether a datagram was taken. Absent: they are not asked. */
  readonly health?: HealthCheck;
  /** As in `RouteDefinition`. */
  readonly readiness?: readonly Readiness[];
  /** As in `RouteDefinition`. */
  readonly wakes?: string;
  /** As in `Route`. Default false. */
  readonly panic?: boolean;
  /** As in `RouteDefinition`. */
  readonly wakeGroup?: string;
  readonly sinceMs: number;
}

/** One server name on one listener. The result of the merge. */
export interface StreamRoute extends StreamOptions {
  /** `<listener>/<host>`, and what else tells it apart. Unique in a Snapshot. */
  readonly id: string;
  readonly listenerId: string;
  readonly host: string;
  readonly backends: readonly BackendRef[];
  /** As in `Route`. */
  readonly panic: boolean;
  /** As in `Route`. */
  readonly wakeGroup: string;
  /** The oldest first. */
  readonly origins: readonly Origin[];
}

/** A definition that lost its name on a listener to an older one; shown, never served. */
export interface ShadowedStream {
  readonly listenerId: string;
  readonly host: string;
  readonly origin: Origin;
  readonly shadowedBy: Origin;
  readonly reason: string;
}
