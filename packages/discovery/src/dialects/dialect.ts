import type { SaidWakeOptions } from '@dproxy/config';
import type {
  Backend,
  BackendProtocol,
  BalancePolicy,
  Condition,
  Filter,
  HeaderRules,
  HealthCheck,
  PathMatch,
  PublicPort,
  RouteAction,
  RouteHttps,
  RouteTimeouts,
  StreamDefinition,
} from '@dproxy/core';
import type { Container } from '../container.ts';

/** What a container's service may speak. */
export type ServiceProtocol = Exclude<BackendProtocol, StreamDefinition['protocol']>;

/** What a container says about one of its backends: where it listens, and how it is spoken to. */
export interface BackendClaims {
  /**
   * Tells the backends of one container apart; empty for the only one. Two claims of the same name that say the same of it
   * share a backend. Refs in filters (`errorPages`, `mirror`) call it by this name as their `backendId`: that of this
   * container, else those of all containers that have it in this dialect.
   */
  readonly backend: string;
  /** Undefined: the label `dproxy.port`, else chosen as the contract says. */
  readonly port: number | undefined;
  /** Name of the network through which to reach it; undefined: chosen as the contract says. */
  readonly network: string | undefined;
  /** Version of the PROXY protocol header that it expects; empty: none. */
  readonly proxyProtocol: Backend['proxyProtocol'];
  readonly weight: number;
  readonly tlsVerify: boolean;
}

/** What labels or variables say about one service of a container; parts that they do not mention are as in `PLAIN_SERVICE`. */
export interface ServiceClaims extends BackendClaims {
  /** Unique within the reading; empty for the unnamed service. */
  readonly service: string;
  /** Canonical. Empty: no route, only a backend that filters may name (of `native`: the container's own names). */
  readonly hosts: readonly string[];
  readonly path: string;
  readonly pathMatch: PathMatch;
  readonly condition: Condition | null;
  readonly priority: number;
  readonly protocol: ServiceProtocol;
  readonly timeouts: RouteTimeouts;
  readonly headers: HeaderRules;
  readonly filters: readonly Filter[];
  readonly balance: BalancePolicy;
  readonly health: HealthCheck | undefined;
  /** Where nothing checks it: whether it takes requests only once it accepts connections. */
  readonly readiness: boolean;
  /** As in `Route`. */
  readonly panic: boolean;
  /** Given instead of forwarding. */
  readonly answer: Exclude<RouteAction, { type: 'forward' }> | undefined;
  readonly plugins: readonly string[];
  /** Names of listeners; empty: all. */
  readonly listeners: readonly string[];
  readonly publicPorts: readonly PublicPort[];
  readonly https: Partial<RouteHttps>;
  /** Undefined: `wildcards.fallThrough` holds. Dialects in which a wildcard's answer is final say false. */
  readonly fallThrough: boolean | undefined;
}

/** A raw TCP or UDP service. */
export interface StreamClaims
  extends
    BackendClaims,
    Pick<StreamDefinition, 'protocol' | 'tls' | 'clients' | 'alpn' | 'connectionsPerClient' | 'priority'> {
  readonly service: string;
  /** As in `StreamDefinition`. */
  readonly listener: string;
  /** The public port, where no listener is named. */
  readonly publicPort: number;
  readonly hosts: readonly string[];
  readonly idleMs: number;
  /** Undefined: its backends are not asked again and again. */
  readonly health: HealthCheck | undefined;
  /** As in `ServiceClaims`. */
  readonly readiness: boolean;
  readonly panic: boolean;
}

export interface LabelProblem {
  /** What was found, the label with it. */
  readonly message: string;
  readonly expected: string;
}

/** What a container says about being put to sleep and woken. */
export interface WakeClaims {
  /**
   * With whom it sleeps and wakes:
   * - `project`: all containers of its compose project; in none, alone
   * - `groups`: those that name one of `groups`
   * - `alone`: nobody
   * - `none`: it takes no part, whatever others of its project say
   */
  readonly scope: 'project' | 'groups' | 'alone' | 'none';
  /** Empty unless the scope is `groups`. */
  readonly groups: readonly string[];
  /** What people call its group; empty: not mentioned. */
  readonly name: string;
  /** Of its group. */
  readonly options: SaidWakeOptions;
  /** Its group is never put to sleep. */
  readonly isPermanent: boolean;
  /** Milliseconds from its start until it takes requests, where no health check says so; 0: at once. */
  readonly readyAfterMs: number;
}

/** What a dialect makes of one container. */
export interface DialectReading {
  /** For the whole container; undefined: not mentioned. Of `native` false hides it from all, of others from that dialect. */
  readonly enable: boolean | undefined;
  readonly network: string | undefined;
  /** Services with a problem are left out. */
  readonly services: readonly ServiceClaims[];
  readonly streams: readonly StreamClaims[];
  /** Absent: it says nothing about sleep. */
  readonly wake?: WakeClaims;
  /** The dialect finds none of its words here. */
  readonly isSilent: boolean;
  /** What was not understood or cannot be done. */
  readonly problems: readonly LabelProblem[];
}

/** Something that one container defines and others may use by name: a middleware, a router, a snippet. */
export interface Offer {
  /** `middleware`, `router`, `snippet`, ...: the dialect's own words. */
  readonly kind: string;
  readonly name: string;
  /** Plain data. */
  readonly value: unknown;
  /** Name of the container. */
  readonly from: string;
  /** Compose project of the container, where the dialect asks for it; empty: none. */
  readonly project?: string;
}

export interface DialectInput {
  readonly container: Container;
  /** Those of the container that count (threats: row 43). */
  readonly labels: ReadonlyMap<string, string>;
  /** `Config.Env`, likewise. */
  readonly env: ReadonlyMap<string, string>;
  /**
   * What all containers of the engine offer in this dialect, this one's too, the oldest container's first. Look them up with
   * `offersNamed`: going through all of them for each container is quadratic.
   */
  readonly offers: readonly Offer[];
  /** Names of the listeners that there are: `http`, `https`, and those under `listen:`. */
  readonly listeners: ReadonlySet<string>;
  /** As in `DiscoverySettings`. */
  readonly isOwnedByProject?: boolean;
}

/**
 * One label language. `native` is dproxy's own; each other proxy's language is one more file beside it. Pure. A language with
 * options (`docker.dialects.<name>` in dproxy.yml) is made by a function: `traefik(options)`, see all-dialects.ts.
 */
export interface Dialect {
  readonly name: string;
  /** Only called for containers with own words. What it throws is reported as a problem of that container alone. */
  read(input: DialectInput): DialectReading;
  /** What others may use. Undefined: the language has no such thing. */
  readonly offers?: (input: Omit<DialectInput, 'offers'>) => readonly Offer[];
  /**
   * True: `read` uses `offers` only through `offersNamed`, so that a container is read again only when an offer changes that it
   * asked for; else all containers with own words are, whenever any offer changes.
   */
  readonly asksOffersByName?: true;
  /** Words of this language: a container without any of them is silent. */
  isOwnWord(kind: 'label' | 'env', name: string): boolean;
  /**
   * Words that claim a public name or port, or by which containers are started and stopped: from an image they count only under
   * `docker.trustImages`.
   */
  isPublicClaim(kind: 'label' | 'env', name: string): boolean;
}
