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
export type ServiceProtocol = Exclude<BackendProtocol, 'tcp'>;

/** What a container says about one of its backends: where it listens, and how it is spoken to. */
export interface BackendClaims {
  /** Tells the backends of one container apart; empty for the only one. Two claims of the same name share a backend. */
  readonly backend: string;
  /** Undefined: chosen as the contract says. */
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
}

export interface LabelProblem {
  /** What was found, the label with it. */
  readonly message: string;
  readonly expected: string;
}

/** What a dialect makes of one container. */
export interface DialectReading {
  /** For the whole container; undefined: not mentioned. Of `native` false hides it from all, of others from that dialect. */
  readonly enable: boolean | undefined;
  readonly network: string | undefined;
  /** Services with a problem are left out. */
  readonly services: readonly ServiceClaims[];
  readonly streams: readonly StreamClaims[];
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
}

export interface DialectInput {
  readonly container: Container;
  /** Those of the container that count (threats: row 43). */
  readonly labels: ReadonlyMap<string, string>;
  /** `Config.Env`, likewise. */
  readonly env: ReadonlyMap<string, string>;
  /** What all containers of the engine offer in this dialect, this one's too, the oldest container's first. */
  readonly offers: readonly Offer[];
  /** Names of the listeners that there are: `http`, `https`, and those under `listen:`. */
  readonly listeners: ReadonlySet<string>;
}

/** One label language. `native` is dproxy's own; each other proxy's language is one more file beside it. Pure. */
export interface Dialect {
  readonly name: string;
  read(input: DialectInput): DialectReading;
  /** What others may use. Undefined: the language has no such thing. */
  readonly offers?: (input: Omit<DialectInput, 'offers'>) => readonly Offer[];
  /** Words of this language: a container without any of them is silent. */
  isOwnWord(kind: 'label' | 'env', name: string): boolean;
  /** Words that claim a public name or port: from an image they count only under `docker.trustImages`. */
  isPublicClaim(kind: 'label' | 'env', name: string): boolean;
}
