import { sourceOf } from './claims.ts';
import type { Rejection } from './rejection.ts';
import type { RouteDefinition } from './route.ts';
import type { StreamDefinition } from './stream.ts';
import type { WakePlan } from './wake.ts';

/** More names than these help nobody who reads them. */
const MAX_NAMED = 8;

/** What groups can be called. */
export class GroupNames {
  readonly #plans: readonly WakePlan[];
  #byName: ReadonlyMap<string, ReadonlySet<WakePlan>> | undefined;

  constructor(plans: readonly WakePlan[]) {
    this.#plans = plans;
  }

  /** By `shop`, `project:shop`, or the id as `/wake` has it. */
  find(name: string): readonly WakePlan[] {
    this.#byName ??= index(this.#plans);
    return [...(this.#byName.get(name) ?? [])];
  }

  some(): readonly WakePlan[] {
    return this.#plans.slice(0, MAX_NAMED);
  }
}

function index(plans: readonly WakePlan[]): ReadonlyMap<string, ReadonlySet<WakePlan>> {
  const byName = new Map<string, Set<WakePlan>>();
  for (const plan of plans) {
    for (const name of plan.keys.flatMap((key) => [key, key.slice(key.indexOf(':') + 1)]).concat(plan.id)) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, new Set([plan]));
      else known.add(plan);
    }
  }
  return byName;
}

/** @param plans that it may mean, or if there are none some others */
export function refuseName(
  definition: RouteDefinition | StreamDefinition,
  name: string,
  plans: readonly WakePlan[],
): Rejection {
  const isAmbiguous = plans.some(({ keys, id }) => id === name || keys.some((key) => isCalled(key, name)));
  const found = isAmbiguous ? 'which is the name of several groups' : 'but no group of containers has this name';
  const listed = plans.slice(0, MAX_NAMED).map(({ id }) => id);
  const known = listed.length === 0 ? '' : `, such as ${listed.join(', ')}`;
  return {
    source: sourceOf(definition),
    line: definition.origin.line,
    column: 0,
    message: `${definition.origin.name}.wake: found "${name}", ${found}; requests for it wake nothing`,
    expected: isAmbiguous
      ? `one of ${listed.join(', ')}`
      : `a compose project, a group or a container with dproxy.wake${known}`,
  };
}

function isCalled(key: string, name: string): boolean {
  return key === name || key.slice(key.indexOf(':') + 1) === name;
}
