import type { HealthCheck } from '@dproxy/core';
import type { Finding } from './probe.ts';

export function judgeStatus(status: number, { statuses }: Pick<HealthCheck, 'statuses'>): Finding {
  if (statuses.some(([from, to]) => status >= from && status <= to)) return '';
  const expected = statuses.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
  return `status ${status}, expected ${expected}`;
}
