export interface ListenAddress {
  /** IP address; `::` binds IPv4 too (dual stack), `0.0.0.0` IPv4 only. */
  readonly host: string;
  readonly port: number;
}

/** A socket that every worker opens. */
export interface Listener {
  /** `http`, `https`, a name under `listen:`, or `<protocol>:<port>`. */
  readonly id: string;
  readonly protocol: 'http' | 'https' | 'tcp' | 'udp';
  readonly addresses: readonly ListenAddress[];
  /** The port that clients see, for headers and redirects; differs behind a port mapping. */
  readonly publicPort: number;
  /** CIDRs that must send a PROXY protocol header (v1 or v2); empty: none is expected. */
  readonly proxyProtocol: readonly string[];
}
