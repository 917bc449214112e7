import type { UpstreamPool } from '../upstream/upstream-pool.ts';

export type ChooseExcept = (ids: ReadonlySet<string>) => UpstreamPool | undefined;

/**
 * Somebody else instead of a backend that is in doubt, as far as there is somebody.
 *
 * @param chosen is in doubt
 * @param tried ids of those that are not asked again
 */
export function preferReachable(
  chosen: UpstreamPool,
  tried: ReadonlySet<string> | undefined,
  choose: ChooseExcept,
): UpstreamPool {
  const nowMs = performance.now();
  const passedOver = new Set(tried);
  for (let pool: UpstreamPool | undefined = chosen; pool !== undefined; pool = choose(passedOver)) {
    if (!pool.reachability.isPassedOver(nowMs)) return pool;
    passedOver.add(pool.backend.id);
  }
  return chosen;
}
