import type { Rejection, RouteDefinition } from '@dproxy/core';
import type { CalledBackend } from './container-backends.ts';
import type { ContainerDescription } from './describe-container.ts';
import { withRefs } from './filter-refs.ts';

interface Resolved {
  readonly definitions: readonly RouteDefinition[];
  readonly rejected: readonly Rejection[];
}

/** Filters may name backends of other containers: here these take the place of their names. */
export function withForeignRefs(descriptions: readonly ContainerDescription[]): Resolved {
  if (descriptions.every(({ unresolved }) => unresolved.length === 0)) {
    return { definitions: descriptions.flatMap(({ definitions }) => definitions), rejected: [] };
  }
  const called = indexCalled(descriptions);
  const rejected: Rejection[] = [];
  const definitions = descriptions.flatMap((description) => {
    if (description.unresolved.length === 0) return description.definitions;
    const names = new Map<string, Map<string, readonly CalledBackend[]>>();
    for (const { definition, dialect, name } of description.unresolved) {
      const found = called.get(keyOf(dialect, name)) ?? [];
      const known = names.get(definition) ?? new Map<string, readonly CalledBackend[]>();
      names.set(definition, known.set(name, found));
      if (found.length === 0) rejected.push(unknownName(description, dialect, name));
    }
    return description.definitions.map((one) => withRefs(one, (name) => names.get(one.id)?.get(name)));
  });
  return { definitions, rejected };
}

function indexCalled(descriptions: readonly ContainerDescription[]): ReadonlyMap<string, readonly CalledBackend[]> {
  const index = new Map<string, CalledBackend[]>();
  for (const each of descriptions.flatMap(({ called }) => called)) {
    const key = keyOf(each.dialect, each.name);
    const list = index.get(key);
    if (list === undefined) index.set(key, [each]);
    else list.push(each);
  }
  return index;
}

function unknownName({ view }: ContainerDescription, dialect: string, name: string): Rejection {
  return {
    source: `docker:${view.name}`,
    line: 0,
    column: 0,
    message: `a filter names the service ${name.slice(0, 120)}, which no container has`,
    expected: `a service of the dialect ${dialect} of any container of this engine`,
  };
}

function keyOf(dialect: string, name: string): string {
  return `${dialect}\n${name}`;
}
