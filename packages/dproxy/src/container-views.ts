import type { Backend, ContainerView } from '@dproxy/core';

/**
 * Containers with the states of their backends in the table, which knows what checks have found since the engine last spoke: whether
 * somebody listens, and whether a health check of the route passes.
 */
export function withTableStates(
  views: readonly ContainerView[],
  backends: ReadonlyMap<string, Backend>,
): readonly ContainerView[] {
  return views.map((view) => {
    const served = view.backends.map((each) => ({ ...each, state: backends.get(each.id)?.state ?? each.state }));
    // What the engine says goes first: one that is stopped is not asked whether it listens.
    if (view.reason !== '') return { ...view, backends: served };
    const reasons = new Set(view.backends.map(({ id }) => backends.get(id)?.reason ?? ''));
    reasons.delete('');
    return { ...view, backends: served, reason: [...reasons].join('; ') };
  });
}
