import { DEFAULT_HEALTH_CHECK, mayBeConnected, type Backend, type HealthCheck } from '@dproxy/core';
import { askBackend } from '../health/ask-backend.ts';

const TIMEOUT_MS = 2_000;
/** Of one group. A project with more says it by the first. */
const MAX_ASKED = 16;

/** Whether a group says that it is in use: one of its backends answers GET `path` with a status of 200-299. */
export type ActivityProbe = (backends: readonly Backend[], path: string, signal: AbortSignal) => Promise<boolean>;

/** All are asked at the same time. Never throws: no answer is no use. */
export const probeActivity: ActivityProbe = async (backends, path, signal) => {
  const asked = backends.filter((backend) => mayBeConnected(backend) && speaksHttp(backend)).slice(0, MAX_ASKED);
  const check: HealthCheck = {
    ...DEFAULT_HEALTH_CHECK,
    path,
    statuses: [[200, 299]],
    followRedirects: false,
    timeoutMs: TIMEOUT_MS,
  };
  const findings = await Promise.all(asked.map((backend) => askBackend({ backend, check }, signal)));
  return findings.includes('');
};

function speaksHttp({ protocol }: Backend): boolean {
  return protocol !== 'tcp' && protocol !== 'udp';
}
