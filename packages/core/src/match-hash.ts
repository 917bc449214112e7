import { hash } from 'node:crypto';
import { canonicalJson } from './content-hash.ts';
import type { RouteDefinition } from './route.ts';

/**
 * What tells a definition apart from others of the same host and path: how the path is compared, the condition, the
 * listeners. Empty where it says none of them, so that most routes are called by host and path alone.
 */
export function matchHash({
  pathMatch,
  condition,
  listeners,
}: Pick<RouteDefinition, 'pathMatch' | 'condition' | 'listeners'>): string {
  const kind = pathMatch ?? 'segments';
  if (kind === 'segments' && (condition ?? null) === null && listeners.length === 0) return '';
  const words = canonicalJson([kind, condition ?? null, [...listeners].sort()]);
  return ` #${hash('sha256', words).slice(0, 12)}`;
}
