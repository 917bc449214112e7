import type { Rejection, RouteDefinition } from '@dproxy/core';
import type { CalledBackend } from './container-backends.ts';
import type { ContainerDescription } from './describe-container.ts';
import { withRefs, type UnresolvedName } from './filter-refs.ts';

interface Resolved {
  readonly definitions: readonly RouteDefinition[];
  readonly rejected: readonly Rejection[];
}

/**
 * Filters may name backends of other containers: here these take the place of their names. Those of the same project come first:
 * else whoever gives a service the name of another's mirror is shown its requests.
 *
 * @param isOwnedByProject only those of the same project count: an error page of another's service would show it past its password
 */
export function withForeignRefs(descriptions: readonly ContainerDescription[], isOwnedByProject = false): Resolved {
  if (descriptions.every(({ unresolved }) => unresolved.length === 0)) {
    return { definitions: descriptions.flatMap(({ definitions }) => definitions), rejected: [] };
  }
  const called = indexCalled(descriptions);
  const rejected: Rejection[] = [];
  const definitions = descriptions.flatMap((description) => {
    if (description.unresolved.length === 0) return description.definitions;
    const names = new Map<string, Map<string, readonly CalledBackend[]>>();
    for (const { definition, dialect, name } of description.unresolved) {
      const all = called.get(keyOf(dialect, name)) ?? [];
      const own = all.filter(({ project }) => project !== '' && project === description.project);
      const found = (own.length > 0 || isOwnedByProject ? own : all).map(({ backend }) => backend);
      const known = names.get(definition) ?? new Map<string, readonly CalledBackend[]>();
      names.set(definition, known.set(name, found));
      if (found.length === 0) rejected.push(unknownName(description, { dialect, name }, isOwnedByProject));
    }
    return description.definitions.map((one) => withRefs(one, (name) => names.get(one.id)?.get(name)));
  });
  return { definitions, rejected };
}

interface Owned {
  readonly project: string;
  readonly backend: CalledBackend;
}

function indexCalled(descriptions: readonly ContainerDescription[]): ReadonlyMap<string, readonly Owned[]> {
  const owned = descriptions.flatMap(({ project, called }) => called.map((backend): Owned => ({ project, backend })));
  return Map.groupBy(owned, ({ backend: { dialect, name } }) => keyOf(dialect, name));
}

function unknownName(
  { view }: ContainerDescription,
  { dialect, name }: Pick<UnresolvedName, 'dialect' | 'name'>,
  isOwnedByProject: boolean,
): Rejection {
  const scope = isOwnedByProject ? ' of its project' : '';
  return {
    source: `docker:${view.name}`,
    line: 0,
    column: 0,
    message: `a filter names the service ${name.slice(0, 120)}, which no container${scope} has`,
    expected: `a service of the dialect ${dialect} of any container of this engine`,
  };
}

function keyOf(dialect: string, name: string): string {
  return `${dialect}\n${name}`;
}
