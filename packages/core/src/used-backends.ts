import type { BackendRef } from './backend.ts';
import type { Route } from './route.ts';

const NONE: readonly BackendRef[] = [];

/** Those that answer for a route; none where it does not forward. */
export function answeringBackends({ action }: Pick<Route, 'action'>): readonly BackendRef[] {
  return action.type === 'forward' ? action.backends : NONE;
}

/** Every backend that serving the route may ask, also for pages of errors and copies. */
export function usedBackends(route: Pick<Route, 'action' | 'filters'>): readonly BackendRef[] {
  if (route.filters.length === 0) return answeringBackends(route);
  const others = route.filters.flatMap((filter) =>
    filter.type === 'errorPages' || filter.type === 'mirror' ? filter.backends : NONE,
  );
  return [...answeringBackends(route), ...others];
}
