import type { Backend, BackendProtocol, HeaderRules, RouteAction, RouteHttps, RouteTimeouts } from '@dproxy/core';

/** What a container's service may speak. */
export type ServiceProtocol = Exclude<BackendProtocol, 'tcp'>;

/** What labels say about one service of a container; parts that they do not mention have their defaults. */
export interface ServiceClaims {
  /** Empty for the unnamed service. */
  readonly service: string;
  readonly hosts: readonly string[];
  readonly port: number | undefined;
  /** Name of the network through which to reach it. */
  readonly network: string | undefined;
  readonly path: string;
  readonly protocol: ServiceProtocol;
  /** Version of the PROXY protocol header that it expects; empty: none. */
  readonly proxyProtocol: Backend['proxyProtocol'];
  readonly weight: number;
  readonly tlsVerify: boolean;
  readonly timeouts: RouteTimeouts;
  readonly headers: HeaderRules;
  readonly redirect: Extract<RouteAction, { type: 'redirect' }> | undefined;
  readonly plugins: readonly string[];
  readonly listeners: readonly string[];
  readonly https: Partial<RouteHttps>;
}

export interface LabelProblem {
  /** What was found, the label with it. */
  readonly message: string;
  readonly expected: string;
}

export interface Claims {
  /** For the whole container; undefined: not mentioned. */
  readonly enable: boolean | undefined;
  readonly network: string | undefined;
  /** The unnamed one first, then by name. Services with a problem are left out. */
  readonly services: readonly ServiceClaims[];
  /** No service is mentioned, not even a refused one: the container is served as one without labels. */
  readonly isSilent: boolean;
  readonly problems: readonly LabelProblem[];
}

/** One label language. `native` is dproxy's own; each other proxy's language is one more file beside it. */
export interface Dialect {
  readonly name: string;
  read(labels: ReadonlyMap<string, string>): Claims;
  /** Labels that claim a public name or port: from an image they count only under `docker.trustImages`. */
  isPublicClaim(label: string): boolean;
}
