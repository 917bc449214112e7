import { DEFAULT_HEALTH_CHECK, type Backend, type HealthCheck, type HealthTarget } from '@dproxy/core';

const CHECK: HealthCheck = {
  ...DEFAULT_HEALTH_CHECK,
  path: '/health',
  intervalMs: 20,
  unhealthyIntervalMs: 20,
  timeoutMs: 2_000,
  fall: 1,
};

/** A backend on this machine that is checked, for tests. */
export function targetOf(port: number, check: Partial<HealthCheck> = {}, backend: Partial<Backend> = {}): HealthTarget {
  return {
    check: { ...CHECK, ...check },
    backend: {
      id: `file:http://127.0.0.1:${port}`,
      name: 'app',
      protocol: 'http',
      address: '127.0.0.1',
      port,
      state: 'ready',
      reason: '',
      tlsVerify: true,
      proxyProtocol: '',
      containerId: '',
      ...backend,
    },
  };
}
