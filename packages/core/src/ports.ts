import type { Backend } from './backend.ts';
import type { ExplainRequest, Explanation } from './explain-answer.ts';
import type { Rejection } from './rejection.ts';
import type { Route, ShadowedRoute } from './route.ts';
import type { Traffic } from './traffic.ts';
import type { ShadowedStream, StreamRoute } from './stream.ts';
import type { CertificateMaterial, CertificateRef, Snapshot } from './snapshot.ts';
import type { GroupActivity, WakeProgress } from './wake.ts';

/** Counters of one worker since it started; all increase, except `connections`, `tunnels` and `held`, which are gauges. */
export interface WorkerStats {
  readonly requests: number;
  readonly connections: number;
  readonly tunnels: number;
  /** Requests and connections of TCP that wait for a backend. */
  readonly held: number;
  /** Connections that were opened to backends. */
  readonly upstreamConnections: number;
  /** How often a backend was passed over from then on, for its failures (`PassiveEjection`). */
  readonly ejections: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of routes and streams, at most 1,000, those with the most requests. */
  readonly routes: readonly Traffic[];
  /** Likewise. */
  readonly backends: readonly Traffic[];
}

/** Requests that a worker let through one of its rate limits, for the other workers of its host to count. */
export interface SpentTokens {
  readonly routeId: string;
  /** Of the limit among the route's filters. */
  readonly place: number;
  /** By whom is counted, as core makes keys: at most 64 characters. */
  readonly keys: readonly string[];
  /** How often each of them. */
  readonly times: readonly number[];
}

/** What a drain did. `cut` counts connections that were still busy at the deadline. */
export interface DrainReport {
  readonly finished: number;
  readonly cut: number;
}

/** Listeners that could not be opened; the others serve. */
export interface ApplyReport {
  readonly failed: readonly { readonly listenerId: string; readonly reason: string }[];
}

/** The port of the data plane: what a worker (or `createProxy`) holds. Implemented by @dproxy/proxy. */
export interface DataPlane {
  /**
   * Which of how many workers this is, so that the turns of their balancing begin at different places. Holds from the next
   * `apply`.
   */
  place(index: number, count: number): void;
  /**
   * Keys of TLS session tickets, 48 bytes each, the same in all workers: new tickets are made with the first one, those made
   * with the others still resume. Without it sessions resume in this process only. @throws RangeError
   */
  setTicketKeys(keys: readonly Uint8Array[]): void;
  /** Compiles the Snapshot and swaps it in; opens new listeners before it closes old ones. Running requests keep theirs. */
  apply(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>): Promise<ApplyReport>;
  /** There will be no certificate for a host that `onWantCertificate` asked for: its handshakes go on without. */
  denyCertificate(host: string): void;
  /** Counts what other workers of this host let through their rate limits. What names no limit of the table is passed over. */
  spend(spent: readonly SpentTokens[]): void;
  /**
   * What becomes of a group that somebody waits for. Who waits is answered when it has `failed`, or is `refused`; when it is
   * `awake` they go on with the next table in which somebody is ready. What names no group of the table is passed over.
   */
  waking(progress: WakeProgress): void;
  /** How much there is to do for each wake group of the table. */
  activity(): readonly GroupActivity[];
  /** Stops accepting, answers with `Connection: close`, resolves when empty or at the deadline. Idempotent. */
  drain(deadlineMs: number): Promise<DrainReport>;
  /** Cuts everything. */
  close(): Promise<void>;
  stats(): WorkerStats;
  /** The addresses that listeners are really bound to (port 0 resolved), by listener id. */
  addresses(): ReadonlyMap<string, readonly { readonly host: string; readonly port: number }[]>;
}

export type WorkerState = 'starting' | 'online' | 'draining' | 'stopped' | 'errored';
export type BalancerState = 'running' | 'stopped';

export interface WorkerStatus {
  /** PM2's id of the process, or 0 without PM2. */
  readonly id: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** Version of the Snapshot that it serves; 0 before the first. */
  readonly snapshot: number;
}

export interface BalancerStatus {
  readonly state: BalancerState;
  /** How many workers are wanted. */
  readonly size: number;
  readonly workers: readonly WorkerStatus[];
  /** `ok`, or `gone` when PM2 died under us: everything serves on, but nothing can be started. */
  readonly supervisor: 'ok' | 'gone';
}

/** Progress of a call that acts on workers: done, or still waiting for connections to end. */
export interface BalancerChange {
  readonly done: boolean;
  readonly status: BalancerStatus;
}

/** The port through which the admin API acts on the workers. Implemented by @dproxy/cluster. */
export interface Balancer {
  status(): BalancerStatus;
  /** All three resolve when the workers are as wanted, or after 15 s with `done: false`. */
  start(): Promise<BalancerChange>;
  stop(): Promise<BalancerChange>;
  /** @throws RangeError with a sentence for the user when `size` is not possible here. */
  resize(size: number): Promise<BalancerChange>;
  /** Every worker by a new one: one more, wait until it is ready, drain one. */
  replaceAll(): Promise<BalancerChange>;
}

/** A container as discovery sees it, for `/containers`. */
export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly engine: string;
  readonly state: string;
  readonly health: string;
  readonly hosts: readonly string[];
  readonly backends: readonly {
    readonly id: string;
    readonly address: string;
    readonly port: number;
    readonly state: string;
  }[];
  /** Why it has no route, or takes no requests, with what to do; empty when it does. */
  readonly reason: string;
  /** `WakeGroup.id` of the containers that it sleeps and wakes with; absent: it does not. */
  readonly wakeGroup?: string;
}

/** A certificate, or a name that waits for one, for `/certificates`. */
export interface CertificateView {
  readonly names: readonly string[];
  readonly kind: CertificateRef['kind'];
  /**
   * - `valid`: served
   * - `pending`: ordered, or about to be
   * - `renewing`: served, and its successor is ordered
   * - `failed`: the last attempt failed; `problem` and `advice` say why, `nextAttemptMs` when it is tried again
   * - `expired`
   */
  readonly state: 'valid' | 'pending' | 'renewing' | 'failed' | 'expired';
  /** Fingerprint; empty while there is none. */
  readonly id: string;
  /** Common name of the issuer, or the authority that will be asked. */
  readonly issuer: string;
  /** Epoch milliseconds; 0: none. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** When its renewal is planned; 0: never. */
  readonly renewMs: number;
  readonly nextAttemptMs: number;
  readonly failures: number;
  readonly problem: string;
  readonly advice: string;
}

/** Containers that sleep and wake together, for `/wake`. */
export interface WakeGroupView {
  /** As in `WakeGroup`. */
  readonly id: string;
  readonly name: string;
  readonly state: 'asleep' | 'waking' | 'awake';
  /** While it is woken: what is being waited for. While it sleeps: why a request does not start it; empty: it does. */
  readonly message: string;
  readonly members: readonly {
    readonly name: string;
    readonly service: string;
    readonly state: string;
    readonly health: string;
  }[];
  /** Why its last wake failed; empty: it did not, or was forgotten. */
  readonly failure: string;
  /** After which a request may try again, in seconds; 0: at once. */
  readonly retryAfterS: number;
  /** Null: it is never put to sleep. */
  readonly idle: IdleStateView | null;
}

/** How far a group is on its way to sleep. */
export interface IdleStateView {
  /** `silent`: traffic says that it is idle, CPUs and probe have not; `leaving`: it is being put to sleep. */
  readonly state: 'asleep' | 'awake' | 'silent' | 'leaving';
  /** What keeps it awake; empty when nothing does. */
  readonly reason: string;
  /** Since it was used or started, as far as is known; 0 while it sleeps. */
  readonly idleMs: number;
  /** Until it has been unused for long enough, if nobody uses it; 0: now, or it sleeps. */
  readonly leftMs: number;
  /** It sleeps because it was put to sleep here, not by somebody's hand. */
  readonly isOurs: boolean;
}

/** The port through which the admin API and the command line look inside. */
export interface Inspector {
  containers(): readonly ContainerView[];
  backends(): readonly Backend[];
  routes(): { readonly routes: readonly Route[]; readonly shadowed: readonly ShadowedRoute[] };
  streams(): { readonly streams: readonly StreamRoute[]; readonly shadowed: readonly ShadowedStream[] };
  rejected(): readonly Rejection[];
  /** Of the newest words of all engines. */
  wakeGroups(): readonly WakeGroupView[];
  certificates(): readonly CertificateView[];
  /** Facts for `/healthz` and the banner, such as `tcp_migrate_req is 0`. */
  warnings(): readonly string[];
}

/** The port behind `GET /explain`. */
export interface Explainer {
  /** What would happen to a request, and why. @throws RangeError with a sentence for the user when it is no request */
  explain(request: ExplainRequest): Explanation;
}
