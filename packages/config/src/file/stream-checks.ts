import { sameValue, type ListenAddress } from '@dproxy/core';
import type { Finding } from '../schema/explain-issue.ts';
import type { Path } from '../yaml/locations.ts';
import type { FileSettings, StreamEntry } from './parsed-file.ts';

interface Held {
  readonly address: ListenAddress;
  readonly holder: string;
  /** Of `tcp` and `udp`. */
  readonly entry: StreamEntry | undefined;
}

/** What no schema of one entry can see: ports that something else in the file holds, and names that are taken. */
export class StreamChecks {
  readonly #held: Held[] = [];
  readonly #taken = new Map<string, string>();

  constructor(section: 'tcp' | 'udp', settings: FileSettings) {
    for (const [name, listen] of Object.entries(settings.listen ?? {})) {
      const isUdp = !Array.isArray(listen) && listen?.protocol === 'udp';
      const addresses = Array.isArray(listen) ? listen : (listen?.addresses ?? []);
      // UDP has ports of its own.
      if (isUdp !== (section === 'udp')) continue;
      for (const address of addresses) this.#held.push({ address, holder: `listen.${name}`, entry: undefined });
    }
  }

  /** @param path of what is wrong then */
  find(entry: StreamEntry, path: Path): Finding[] {
    const findings = [...this.#findHeld(entry, path), ...this.#findTaken(entry, path)];
    if (findings.length > 0) return findings;
    const { name } = entry.origin;
    for (const address of entry.listener?.addresses ?? []) this.#held.push({ address, holder: name, entry });
    for (const key of keysOf(entry)) this.#taken.set(key, name);
    return [];
  }

  /** Entries may share a port, when they open it in the same way. */
  #findHeld({ listener, origin }: StreamEntry, path: Path): Finding[] {
    if (listener === undefined) return [];
    const held = listener.addresses.flatMap(
      (address) =>
        this.#held.find((each) => overlaps(each, address) && !sameValue(each.entry?.listener, listener)) ?? [],
    );
    return held.slice(0, 1).map(({ address, holder, entry }) => {
      const message = `${origin.name}.listen: port ${address.port} is held by ${holder} already`;
      const same = entry === undefined ? '' : `, or the same listen and proxyProtocol as ${holder}`;
      return { path, isKey: false, message, expected: `a port that nothing else in the file has${same}` };
    });
  }

  #findTaken(entry: StreamEntry, path: Path): Finding[] {
    return keysOf(entry).flatMap((key) => {
      const holder = this.#taken.get(key);
      if (holder === undefined) return [];
      const { listener, hosts } = entry.stream;
      const what = hosts.length === 0 ? listener : `${listener} with this name`;
      const message = `${entry.origin.name}.listen: ${what} is held by ${holder} already`;
      return [{ path, isKey: false, message, expected: 'another port or name, or one entry with a list under to:' }];
    });
  }
}

/** What only one entry can take. */
function keysOf({ stream: { listener, hosts, tls, alpn, clients } }: StreamEntry): string[] {
  const names = hosts.length === 0 ? ['*'] : hosts;
  return names.map((host) => JSON.stringify([listener, host, tls === 'none', alpn.toSorted(), clients.toSorted()]));
}

/** Listeners are told apart by their first port, so that even two addresses of one port are one too many. */
function overlaps({ address, entry }: Held, other: ListenAddress): boolean {
  if (address.port !== other.port) return false;
  return entry !== undefined || address.host === '' || other.host === '' || address.host === other.host;
}
