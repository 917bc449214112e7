/**
 * How dproxy speaks to a backend: HTTP/1.1 in clear or over TLS, HTTP/2 with prior knowledge in clear (`h2c`, what gRPC servers
 * expect) or over TLS (`h2`), or bytes (`tcp`) or datagrams (`udp`). `https` and `h2` verify the certificate unless `tlsVerify` is false.
 */
export type BackendProtocol = 'http' | 'https' | 'h2c' | 'h2' | 'tcp' | 'udp';

/**
 * - `ready`: takes requests
 * - `draining`: was told to end; what is in flight goes on, new requests get it only where nobody is ready
 * - `starting`: its health check has not passed yet, or it does not listen yet
 * - `unhealthy`: its health check fails; takes requests only where a route panics (`Route.panic`)
 * - `paused`, `stopped`: the container exists but does not run
 * - `unreachable`: it runs, but dproxy shares no network with it; `reason` tells the command that mends it
 */
export type BackendState = 'ready' | 'draining' | 'starting' | 'unhealthy' | 'paused' | 'stopped' | 'unreachable';

/**
 * One address that requests are sent to. The unit of balancing. Backends are identified by `id`, which is stable while
 * the container (or the file entry) is the same one, so that a restart with a new address is an update, not a new backend.
 */
export interface Backend {
  /** `docker:<12 hex>/<service>:<port>` or `file:<url>`. */
  readonly id: string;
  /** What a person calls it: the container's name, or the URL of the file entry. */
  readonly name: string;
  readonly protocol: BackendProtocol;
  /**
   * IP address, or a name that the upstream pool resolves and caches. Empty while it has none: `paused`, `stopped`, `unreachable`,
   * and where its engine says `starting`.
   */
  readonly address: string;
  readonly port: number;
  readonly state: BackendState;
  /** Why it is not ready, with the command that mends it. Empty when ready. */
  readonly reason: string;
  /** False accepts any certificate of an `https` backend. Default true. */
  readonly tlsVerify: boolean;
  /** Version of the PROXY protocol header that each connection to it begins with; empty: none. */
  readonly proxyProtocol: '' | 'v1' | 'v2';
  /** The container (full id) that stands behind it; empty for file entries. */
  readonly containerId: string;
}

/** What a route, a stream or a filter names a backend by. */
export interface BackendRef {
  readonly backendId: string;
  /** Relative share, 1-1000; 1 unless given. 0: takes no new requests. */
  readonly weight: number;
}

/** Whether connections to it are made at all: a backend that drains may be the only one left to answer. */
export function mayBeConnected({ state }: Pick<Backend, 'state'>): boolean {
  switch (state) {
    case 'ready':
    case 'draining':
      return true;
    case 'starting':
    case 'unhealthy':
    case 'paused':
    case 'stopped':
    case 'unreachable':
      return false;
    default:
      return state satisfies never;
  }
}
