import { didYouMean, type Origin } from '@dproxy/core';
import type { Finding } from '../schema/explain-issue.ts';
import type { Endpoint } from '../schema/network.ts';
import type { RouteEntry } from '../schema/route-entry.ts';
import type { TcpListenEntry } from '../schema/tcp-entry.ts';
import type { FileSettings } from './parsed-file.ts';

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
  /** `host` + `path` to the entry that has it. */
  readonly #taken = new Map<string, Origin>();

  constructor(names: Names) {
    this.#names = names;
  }

  find(entry: RouteEntry, origin: Origin): Finding[] {
    const findings = [
      ...this.#findUnknown('listeners', entry.listeners ?? [], origin),
      ...this.#findUnknown('plugins', entry.plugins ?? [], origin),
      ...this.#findTaken(entry, origin),
    ];
    if (findings.length > 0) return findings;
    for (const host of entry.host) this.#taken.set(host + (entry.path ?? '/'), origin);
    return findings;
  }

  #findUnknown(key: keyof Names, used: readonly string[], origin: Origin): Finding[] {
    const known = [...new Set(this.#names[key])].filter((name) => name !== 'api');
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
    const path = entry.path ?? '/';
    return entry.host.flatMap((host, index) => {
      const holder = this.#taken.get(host + path);
      if (holder === undefined) return [];
      const message = `${origin.name}.host: ${host}${path} stands in ${holder.name} (line ${holder.line}) already`;
      const expected = 'another host or path, or one entry with a list under to:';
      return [{ path: [...pathOf(origin), 'host', index], isKey: false, message, expected }];
    });
  }
}

interface Bound {
  readonly host: string;
  readonly holder: string;
}

/** Ports of `tcp` that something else in the file holds. */
export class TcpChecks {
  readonly #bound = new Map<number, Bound[]>();

  constructor(settings: FileSettings) {
    for (const [name, listen] of Object.entries(settings.listen ?? {})) {
      const addresses = Array.isArray(listen) ? listen : (listen?.addresses ?? []);
      for (const address of addresses) this.#bind(address, `listen.${name}`);
    }
  }

  find(entry: TcpListenEntry, origin: Origin): Finding[] {
    const path = [...pathOf(origin), 'listen'];
    const findings = entry.listen.flatMap((address) => {
      const holder = this.#bound.get(address.port)?.find((bound) => overlaps(bound, address))?.holder;
      if (holder === undefined) return [];
      const message = `${origin.name}.listen: port ${address.port} is held by ${holder} already`;
      return [{ path, isKey: false, message, expected: 'a port that nothing else in the file has' }];
    });
    if (findings.length === 0) for (const address of entry.listen) this.#bind(address, origin.name);
    return findings;
  }

  #bind({ host, port }: Endpoint, holder: string): void {
    const list = this.#bound.get(port) ?? [];
    list.push({ host, holder });
    this.#bound.set(port, list);
  }
}

/** Listeners of one port are told apart by it (`tcp:<port>`), so that even two addresses of one port are one too many. */
function overlaps(bound: Bound, address: Endpoint): boolean {
  return bound.holder.startsWith('tcp[') || bound.host === '' || address.host === '' || bound.host === address.host;
}

/** `routes[3]` -> `['routes', 3]` */
function pathOf({ name }: Origin): [string, number] {
  const bracket = name.indexOf('[');
  return [name.slice(0, bracket), Number(name.slice(bracket + 1, -1))];
}
