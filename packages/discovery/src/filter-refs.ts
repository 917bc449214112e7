import type { BackendRef, Filter, RouteDefinition } from '@dproxy/core';
import type { CalledBackend } from './container-backends.ts';

/** A filter of this definition names a backend that must be looked for among all containers. */
export interface UnresolvedName {
  readonly definition: string;
  readonly dialect: string;
  readonly name: string;
}

type RefFilter = Extract<Filter, { readonly backends: readonly BackendRef[] }>;

/** Puts the backends of the container itself in the place of the names by which filters call them. */
export function withOwnRefs(
  definition: RouteDefinition,
  dialect: string,
  called: readonly CalledBackend[],
): RouteDefinition {
  return withRefs(definition, (name) => {
    const own = find(called, dialect, name);
    return own.length === 0 ? undefined : own;
  });
}

export function unresolvedNames(
  { id, filters = [] }: RouteDefinition,
  dialect: string,
  called: readonly CalledBackend[],
): readonly UnresolvedName[] {
  const names = new Set(filters.filter(hasRefs).flatMap(({ backends }) => backends.map(({ backendId }) => backendId)));
  return [...names]
    .filter((name) => find(called, dialect, name).length === 0)
    .map((name) => ({ definition: id, dialect, name }));
}

/**
 * Replaces each ref for which `lookUp` knows backends; these share its weight alike. `[]` takes the ref away, undefined leaves
 * it as it is. A filter that loses all its refs is left out.
 */
export function withRefs(
  definition: RouteDefinition,
  lookUp: (name: string) => readonly CalledBackend[] | undefined,
): RouteDefinition {
  const { filters = [] } = definition;
  if (!filters.some(hasRefs)) return definition;
  const backends = new Map(definition.backends.map((backend) => [backend.id, backend]));
  const resolved = filters.map((filter): Filter => {
    if (!hasRefs(filter)) return filter;
    const refs = filter.backends.flatMap((ref) => {
      const found = lookUp(ref.backendId);
      if (found === undefined) return [ref];
      for (const { backend } of found) backends.set(backend.id, backend);
      return found.map(({ backend: { id: backendId } }) => ({ backendId, weight: ref.weight }));
    });
    return { ...filter, backends: refs };
  });
  const filled = resolved.filter((filter) => !hasRefs(filter) || filter.backends.length > 0);
  return { ...definition, filters: filled, backends: [...backends.values()] };
}

function hasRefs(filter: Filter): filter is RefFilter {
  return 'backends' in filter;
}

function find(called: readonly CalledBackend[], dialect: string, name: string): readonly CalledBackend[] {
  return called.filter((each) => each.dialect === dialect && each.name === name);
}
