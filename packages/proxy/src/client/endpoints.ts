import type { TlsFacts } from './tls-facts.ts';

/** The two ends of a connection, as the system or a PROXY protocol header says. */
export interface Endpoints {
  readonly remoteAddress: string;
  /** 0: not known. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Of TLS that ends here; absent: in clear. */
  readonly tls?: TlsFacts;
}
