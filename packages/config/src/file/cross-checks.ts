import { didYouMean, type Origin } from '@dproxy/core';
import { matchKey, routePath } from './build-route.ts';
import type { Finding } from '../schema/explain-issue.ts';
import type { RouteEntry } from '../schema/route-entry.ts';

/** The names under `listen` or `plugins`, refused ones included: one error shall not cause others. */
export function findNames(section: unknown): string[] {
  return typeof section === 'object' && section !== null && !Array.isArray(section) ? Object.keys(section) : [];
}

interface Names {
  readonly listeners: readonly string[];
  readonly plugins: readonly string[];
}

/** What no schema of one entry can see: names that must exist elsewhere, and host and path that must not. */
export class RouteChecks {
  readonly #names: Names;
  /** Host and what is matched to the entry that has them. */
  readonly #taken = new Map<string, Origin>();

  constructor(names: Names) {
    this.#names = names;
  }

  find(entry: RouteEntry, origin: Origin): Finding[] {
    const findings = [
      ...this.#findUnknown('listeners', entry.listeners ?? [], origin),
      ...this.#findUnknown('plugins', pluginNames(entry), origin),
      ...this.#findTaken(entry, origin),
    ];
    if (findings.length > 0) return findings;
    for (const host of entry.host) this.#taken.set(host + matchKey(entry), origin);
    return findings;
  }

  #findUnknown(key: keyof Names, used: readonly string[], origin: Origin): Finding[] {
    const known = [...new Set(this.#names[key])].filter((name) => name !== 'api' && name !== 'stats');
    return used.flatMap((name, index) => {
      if (known.includes(name)) return [];
      const meant = didYouMean(name, known);
      const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
      const defined =
        known.length === 0 ? `a name under ${key === 'listeners' ? 'listen' : 'plugins'}:` : known.join(', ');
      const message = `${origin.name}.${key}: found "${name}", which is not defined`;
      return [
        { path: [...pathOf(origin), key, index], isKey: false, message, expected: `${hint}Defined are: ${defined}` },
      ];
    });
  }

  #findTaken(entry: RouteEntry, origin: Origin): Finding[] {
    return entry.host.flatMap((host, index) => {
      const holder = this.#taken.get(host + matchKey(entry));
      if (holder === undefined) return [];
      const message = `${origin.name}.host: ${host}${routePath(entry)} stands in ${holder.name} (line ${holder.line}) already`;
      const expected = 'another host, path or match, or one entry with a list under to:';
      return [{ path: [...pathOf(origin), 'host', index], isKey: false, message, expected }];
    });
  }
}

/** `routes[3]` -> `['routes', 3]` */
function pathOf({ name }: Origin): [string, number] {
  const bracket = name.indexOf('[');
  return [name.slice(0, bracket), Number(name.slice(bracket + 1, -1))];
}

/** What can only be a name: a path has a slash, a package of a scope begins with @, any other package is said with `use`. */
function pluginNames({ plugins = [] }: RouteEntry): string[] {
  return plugins.filter(({ module }) => !/[/\\@]/.test(module)).map(({ module }) => module);
}
