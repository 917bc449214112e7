import type { ContainerSpec } from '@dproxy/testkit/docker';

/**
 * One container of an example; all examples run side by side on one engine. What several examples call by one name is one
 * container with the labels of all of them, as a container with several sites has.
 */
export type ExampleContainer = Pick<
  ContainerSpec,
  'labels' | 'env' | 'hostname' | 'domainname' | 'expose' | 'image' | 'network'
> & {
  readonly name: string;
  /** True: it is only made, and does not run before something starts it. */
  readonly isAsleep?: boolean;
};

/** A request to the running product, and what must come back. */
export interface ExampleRequest {
  readonly host: string;
  /** Default `/`. */
  readonly path?: string;
  /** Header lines, each ended by CRLF. */
  readonly headers?: string;
  /** Default GET; always without a body. */
  readonly method?: string;
  /** Default `http`. With a port: one that the container asked for. */
  readonly over?: 'http' | 'https' | `http:${number}` | `https:${number}`;
  readonly status: number;
  /** True: repeated until the status is so. */
  readonly eventually?: boolean;
  /** Name of the container that answers; several: each of them does, when it is asked often enough. */
  readonly from?: string | readonly string[];
  /** True: who comes back with the cookie of the answer is answered by the same container. */
  readonly sticks?: boolean;
  /** Of the answer, in part. */
  readonly body?: string;
  /** Of the answer; null: it is not there. Values are whole, or a pattern. */
  readonly answer?: Readonly<Record<string, string | RegExp | null>>;
  /** What the container got: its target, on which port, and header fields (null: none). */
  readonly seen?: {
    readonly url?: string;
    readonly port?: number;
    readonly headers?: Readonly<Record<string, string | null>>;
  };
}

/** Raw TCP on a port that a container asked for, or on that of HTTPS: who answers. */
export interface ExampleConnection {
  readonly port: number | 'https';
  /** Over TLS with this name; default: bytes as they are. */
  readonly sni?: string;
  /** Names of containers, all of which must be seen. */
  readonly from: readonly string[];
}

/** What a neighbour documents, as its users type it, and what dproxy makes of it. */
export interface Example {
  /** A sentence part for docs/compatibility.md: `several hosts of one container`. */
  readonly what: string;
  /** Where the neighbour says it: file or page, and section. */
  readonly source: string;
  readonly containers: readonly ExampleContainer[];
  readonly requests?: readonly ExampleRequest[];
  readonly connections?: readonly ExampleConnection[];
  /** What `/rejected` must say, in part, for one of the containers. */
  readonly rejected?: readonly (string | RegExp)[];
  readonly verdict: 'works' | 'differs' | 'refused';
  /** Why, for what differs or is refused. */
  readonly note?: string;
}

/** All examples of one neighbour. */
export interface Neighbour {
  readonly name: string;
  /** Page with the rest: every label, and what becomes of it. */
  readonly page: string;
  /** Lines below `docker.dialects` of dproxy.yml, for what was said to the neighbour itself. */
  readonly settings?: string;
  readonly examples: readonly Example[];
}
