import type { HealthTarget } from '@dproxy/core';

/** What one check found: empty when all is well, else what was found and what was expected. */
export type Finding = string;

/** Asks a backend once. Never throws; ends within the check's time, or at once when `signal` is aborted. */
export type Probe = (target: HealthTarget, signal: AbortSignal) => Promise<Finding>;

/** The address that is asked: a check may name another port of the same backend. */
export function endpointOf({ backend, check }: HealthTarget): { readonly host: string; readonly port: number } {
  return { host: backend.address, port: check.port === 0 ? backend.port : check.port };
}
