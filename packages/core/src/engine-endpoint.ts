/** Where a Docker engine listens. The configuration reads it from dproxy.yml or the environment; discovery connects to it. */
export interface EngineEndpoint {
  /** The URL, as given (`unix:///var/run/docker.sock`, `tcp://10.0.0.5:2376`): what messages and `Origin.source` say. */
  readonly name: string;
  /** Path of a unix socket; empty for TCP. */
  readonly socketPath: string;
  /** Name or address without brackets; empty for a unix socket. */
  readonly host: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** Null: plain. */
  readonly tls: {
    /** Folder with `ca.pem`, `cert.pem` and `key.pem`, as for the docker client; empty: no client certificate, system CAs. */
    readonly certPath: string;
    /** False accepts any certificate of the engine; whoever answers there then gets to say where requests go. */
    readonly verify: boolean;
  } | null;
}
