import type { StatusRange } from './status-ranges.ts';

/** How the primary asks a backend whether it works. */
export interface HealthCheck {
  /** `tcp`: it accepts a connection; `grpc`: `grpc.health.v1.Health/Check` says SERVING. */
  readonly type: 'http' | 'tcp' | 'grpc';
  /** Target of the request; the service's name for `grpc`, empty for the server as a whole. */
  readonly path: string;
  readonly method: string;
  /** `Host`; empty: the backend's address. */
  readonly host: string;
  /** 0: the backend's. */
  readonly port: number;
  /** `default`: as requests are sent to it. */
  readonly scheme: 'default' | 'http' | 'https';
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly statuses: readonly StatusRange[];
  readonly followRedirects: boolean;
  readonly intervalMs: number;
  /** While it is not healthy. */
  readonly unhealthyIntervalMs: number;
  readonly timeoutMs: number;
  /** Checks in a row that change its state. */
  readonly rise: number;
  readonly fall: number;
}

/** What holds for a check that says nothing else. */
export const DEFAULT_HEALTH_CHECK: HealthCheck = {
  type: 'http',
  path: '/',
  method: 'GET',
  host: '',
  port: 0,
  scheme: 'default',
  headers: [],
  statuses: [[200, 399]],
  followRedirects: true,
  intervalMs: 10_000,
  unhealthyIntervalMs: 10_000,
  timeoutMs: 3_000,
  rise: 1,
  fall: 2,
};

/** What a route or a stream says of the health of its backends. */
export interface HealthRules {
  /** How they are asked, again and again; undefined: not at all. */
  readonly check: HealthCheck | undefined;
  /** Of containers without a check: whether they take requests only once their port accepts a connection. */
  readonly readiness: boolean;
  /** Whether unhealthy ones are asked all the same when nobody else is left. */
  readonly panic: boolean;
}

/** A backend of a definition that takes no request before it has accepted a connection. */
export interface Readiness {
  readonly backendId: string;
  /** When its container was started, in epoch milliseconds: each start is asked anew. */
  readonly startedMs: number;
  /** It is not asked sooner after that. Absent: at once. */
  readonly afterMs?: number;
}

/** Whether anybody listens. Asked until it has passed, at pauses of its own. */
export const READINESS_CHECK: HealthCheck = { ...DEFAULT_HEALTH_CHECK, type: 'tcp', path: '', timeoutMs: 1_000 };
