import type { BalancerStatus } from '@dproxy/core';

/** `running: 3 of 4 workers online, 1 starting`. */
export function describeBalancer(status: BalancerStatus): string {
  const counts = new Map<string, number>();
  for (const { state } of status.workers) counts.set(state, (counts.get(state) ?? 0) + 1);
  const online = counts.get('online') ?? 0;
  counts.delete('online');
  const rest = [...counts].map(([state, count]) => `, ${count} ${state}`).join('');
  return `${status.state}: ${online} of ${status.size} workers online${rest}`;
}
