import type { EngineEndpoint, ListenAddress, Listener, WorkerSettings } from '@dproxy/core';

/** A listener as it is wanted; the primary decides its port once (contract: "Ports"). */
export interface ListenPlan {
  /** `http`, `https` or a name under `listen:`. */
  readonly id: string;
  readonly protocol: 'http' | 'https';
  /** At least one. Port 0: the primary chooses a free one. */
  readonly addresses: readonly ListenAddress[];
  /** What clients see; 0: the port that was decided. */
  readonly publicPort: number;
  readonly proxyProtocol: readonly string[];
  /** A flag, a variable or the file named the port: it must be had, or the start fails. */
  readonly isNamed: boolean;
  /** 8080 or 8443 where nobody named the port; else 0. */
  readonly fallbackPort: number;
}

export interface ApiSettings {
  /** At least one. */
  readonly addresses: readonly ListenAddress[];
  /** DOCKER_PROXY_API_TOKEN; empty: the one in `<state>/api.token`. */
  readonly token: string;
  readonly tokenAlways: boolean;
  /** Images from which containers may be made; empty: none. */
  readonly containers: readonly string[];
}

export interface DockerSettings {
  readonly engines: readonly EngineEndpoint[];
  /** Somebody named the engines (or that there are none). */
  readonly isNamed: boolean;
  readonly trustImages: boolean;
  readonly exposedByDefault: boolean;
}

/** Checked, but not used yet. */
export interface AcmeSettings {
  /** Empty: no authority is asked for anything. */
  readonly email: string;
  /** Empty: the default authority. */
  readonly directory: string;
  readonly hosts: 'auto' | readonly string[];
  readonly preflight: boolean;
  readonly resolvers: readonly string[];
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Absolute paths. */
export interface Paths {
  readonly state: string;
  /** In `<state>`, but a short path under the runtime folder when that is too long for a socket. */
  readonly ipcSocket: string;
  readonly lock: string;
  readonly apiToken: string;
  readonly pid: string;
  /** Folder of certificates; empty: none. */
  readonly ssl: string;
  /** PM2_HOME; empty: not set. */
  readonly pm2Home: string;
}

/** All that primary and workers are told, from flags, environment, dproxy.yml and defaults. Plain data. */
export interface Settings {
  readonly config: {
    /** dproxy.yml; it need not exist. */
    readonly path: string;
    /** A flag or a variable named it. */
    readonly isNamed: boolean;
  };
  readonly listeners: readonly ListenPlan[];
  readonly tcp: readonly Listener[];
  readonly api: ApiSettings;
  readonly workers: { readonly count: number; readonly isSilent: boolean };
  readonly docker: DockerSettings;
  readonly acme: AcmeSettings;
  readonly ownership: 'shared' | 'project';
  /** `wildcards.fallThrough` */
  readonly fallThrough: boolean;
  readonly plugins: readonly { readonly name: string; readonly module: string }[];
  /** Folder with replaced pages; empty: none. */
  readonly pages: string;
  readonly log: {
    readonly level: LogLevel;
    /** Empty: stdout only. */
    readonly folder: string;
  };
  readonly paths: Paths;
  /** What goes to workers; only the primary knows the addresses that are its own. */
  readonly worker: Omit<WorkerSettings, 'ownAddresses'>;
}

/** Something that ends the start: all of them are shown at once. */
export interface Problem {
  /** The variable or flag: `DOCKER_PROXY_PORT`, `--port`. */
  readonly path: string;
  readonly got: string;
  readonly expected: string;
  readonly fix: string;
}

export function formatProblem({ path, got, expected, fix }: Problem): string {
  return `${path}: got ${got}, expected ${expected}. ${fix}`;
}
