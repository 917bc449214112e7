import type { Share } from '@dproxy/core';
import type { UpstreamPool } from '../upstream/upstream-pool.ts';

/** Who answers for a route or a stream: somebody who stays, only those who are about to leave, or nobody. */
export type Staffing = 'ready' | 'draining' | 'none';

/** @param shares as `readyShares` gives them: those who drain only where nobody else is left */
export function staffingOf([first]: readonly Share<UpstreamPool>[]): Staffing {
  if (first === undefined) return 'none';
  return first.target.backend.state === 'draining' ? 'draining' : 'ready';
}
