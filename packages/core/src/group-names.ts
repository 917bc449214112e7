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
  readonly #isOwnedByProject: boolean;
  #byName: ReadonlyMap<string, ReadonlySet<WakePlan>> | undefined;

  /** @param isOwnedByProject a word alone is the name of a project: those of containers are whoever's who takes them first */
  constructor(plans: readonly WakePlan[], isOwnedByProject: boolean) {
    this.#plans = plans;
    this.#isOwnedByProject = isOwnedByProject;
  }

  /** By `shop`, `project:shop`, or the id as `/wake` has it. */
  find(name: string): readonly WakePlan[] {
    this.#byName ??= this.#index();
    return [...(this.#byName.get(name) ?? [])];
  }

  /** @param found what `find` gave for the name: none, or several */
  refuse(definition: RouteDefinition | StreamDefinition, name: string, found: readonly WakePlan[]): Rejection {
    const [said, listed] =
      found.length === 0
        ? ['but no group of containers has this name', this.#plans]
        : ['which is the name of several groups', found];
    const names = listed.slice(0, MAX_NAMED).map((plan) => this.#shortest(plan));
    const known = names.length === 0 ? '' : `, such as ${names.join(', ')}`;
    return {
      source: sourceOf(definition),
      line: definition.origin.line,
      column: 0,
      message: `${definition.origin.name}.wake: found "${name}", ${said}; requests for it wake nothing`,
      expected:
        found.length === 0
          ? `a compose project, a group or a container with dproxy.wake${known}`
          : `one of ${names.join(', ')}`,
    };
  }

  /** `project:shop`, unless that is the name of groups of several engines. */
  #shortest({ id, keys }: WakePlan): string {
    return keys.find((key) => this.find(key).length === 1) ?? id;
  }

  #index(): ReadonlyMap<string, ReadonlySet<WakePlan>> {
    const byName = new Map<string, Set<WakePlan>>();
    for (const plan of this.#plans) {
      for (const name of [plan.id, ...plan.keys, ...plan.keys.flatMap((key) => this.#wordOf(key))]) {
        const known = byName.get(name);
        if (known === undefined) byName.set(name, new Set([plan]));
        else known.add(plan);
      }
    }
    return byName;
  }

  /** A label may call a project `group:shop`: what is written in full is nobody's but who is of that kind. */
  #wordOf(key: string): string | readonly [] {
    const kindEnd = key.indexOf(':');
    const word = key.slice(kindEnd + 1);
    const isOthers = this.#isOwnedByProject && key.slice(0, kindEnd) !== 'project';
    return word.includes(':') || isOthers ? [] : word;
  }
}
