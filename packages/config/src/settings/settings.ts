import type {
  EngineEndpoint,
  ListenAddress,
  Listener,
  PluginUse,
  PortRange,
  RouteHttps,
  TlsProfile,
  WorkerSettings,
} from '@dproxy/core';
import type { DialectSettings } from '../schema/dialects/dialects.ts';
import type { WakeBudget, WakeOptions } from '../schema/wake.ts';

/** A listener as it is wanted; the primary decides its port once (contract: "Ports"). */
export interface ListenPlan {
  /** `http`, `https` or a name under `listen:`. */
  readonly id: string;
  readonly protocol: Listener['protocol'];
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
  readonly containerLimits: MadeContainerLimits;
}

/** Bounds of the containers that the container API makes. */
export interface MadeContainerLimits {
  /** Bytes of memory of each, without swap. */
  readonly memory: number;
  readonly processes: number;
  /** Containers at once, on each engine. */
  readonly count: number;
  /** Calls that change something, of all callers together. */
  readonly perMinute: number;
}

/** Where the statistics have a port of their own. */
export interface StatisticsSettings {
  readonly addresses: readonly ListenAddress[];
  /** The file named it: then a port that cannot be had is an error. */
  readonly isNamed: boolean;
}

export interface DockerSettings {
  readonly engines: readonly EngineEndpoint[];
  /** Somebody named the engines (or that there are none). */
  readonly isNamed: boolean;
  readonly trustImages: boolean;
  readonly exposedByDefault: boolean;
  readonly readiness: boolean;
  readonly dialects: DialectSettings;
}

/** `wake`: what holds for groups that do not say it themselves, and what holds for all. */
export interface WakeSettings extends WakeOptions {
  readonly budget: WakeBudget;
}

export type AcmeChallengeType = 'http-01' | 'tls-alpn-01' | 'dns-01';
export type AcmeKeyType = 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';

/** One certificate authority that speaks ACME. */
export interface AcmeAuthority {
  /** Unique; names its account and its certificates in the state folder: `letsencrypt`, or the host of its directory. */
  readonly name: string;
  /** URL of the directory (RFC 8555 section 7.1.1). */
  readonly directory: string;
  /** RFC 8555 section 7.3.4; undefined: not asked for. `hmacKey` in base64url. */
  readonly eab: { readonly kid: string; readonly hmacKey: string } | undefined;
  /** Empty: the authority's default. */
  readonly profile: string;
  /** PEM file with what is trusted for the directory's own HTTPS, absolute; empty: the system's. */
  readonly caFile: string;
}

/** Where TXT records for dns-01 are made. */
export interface DnsSettings {
  /** `cloudflare`, `route53`, `hetzner`, `digitalocean`, `rfc2136`, `httpreq`, `exec`. */
  readonly provider: string;
  /** As the provider names them; what is absent comes from its environment variables. */
  readonly options: Readonly<Record<string, string>>;
}

/** Certificates for names that only a handshake tells. At least one of the two is given. */
export interface OnDemandSettings {
  /** Host patterns. */
  readonly allow: readonly string[];
  /** URL that is asked with `?domain=<name>` and says yes by 2xx; empty: none. */
  readonly ask: string;
}

export interface AcmeSettings {
  /** Empty: no authority is asked for anything. */
  readonly email: string;
  /** At least one; the next is tried when one cannot issue. */
  readonly authorities: readonly AcmeAuthority[];
  readonly hosts: 'auto' | readonly string[];
  /** In the order of preference. */
  readonly challenges: readonly AcmeChallengeType[];
  readonly keyType: AcmeKeyType;
  readonly dns: DnsSettings | undefined;
  readonly preflight: boolean;
  /** `address:port` of DNS servers that are asked instead of the system's. */
  readonly resolvers: readonly string[];
  /** Undefined: off. */
  readonly onDemand: OnDemandSettings | undefined;
}

/** One host of `tls.hosts`. */
export interface TlsHostSettings {
  /** A host pattern like `Route.host`. */
  readonly host: string;
  readonly profile: TlsProfile;
  readonly clientCertificates: 'none' | 'optional' | 'require';
  /** PEM file with the authorities, absolute; empty: none, and with `require` nobody gets in. */
  readonly caFile: string;
  /** In dproxy.yml. */
  readonly line: number;
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
  /** Of `tcp` and `udp`, beside those of `listen`. */
  readonly streamListeners: readonly Listener[];
  /** Ports below 1024 that containers may ask for. */
  readonly allowedPorts: readonly PortRange[];
  readonly api: ApiSettings;
  readonly statistics: StatisticsSettings;
  readonly workers: { readonly count: number; readonly isSilent: boolean };
  readonly docker: DockerSettings;
  readonly wake: WakeSettings;
  readonly acme: AcmeSettings;
  /** What holds for routes that do not say it themselves. */
  readonly https: RouteHttps;
  /** Hosts with a TLS policy of their own. */
  readonly tlsHosts: readonly TlsHostSettings[];
  readonly ownership: 'shared' | 'project';
  /** `wildcards.fallThrough` */
  readonly fallThrough: boolean;
  readonly plugins: readonly (PluginUse & { readonly name: string })[];
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
