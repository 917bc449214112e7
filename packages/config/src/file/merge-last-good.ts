import { matchHash, sameValue, type RouteDefinition } from '@dproxy/core';
import type { FileSettings, ParsedFile, RefusedPart, StreamEntry, TlsHost, TlsSection } from './parsed-file.ts';
import { collectRejections } from './parsed-file.ts';

/**
 * What is in force after `next` was read while `previous` was: every part of `next` that is good, and for every refused one
 * its last good version. A file that is refused as a whole changes nothing but the rejections.
 *
 * A refused route is recognised by its hosts, its path and its match, wherever it stands now; where these are what is wrong, by its
 * position, provided that no other entry has taken over what stood there. A refused entry of `tcp` or `udp` likewise, by its port and names.
 */
export function mergeLastGood(previous: ParsedFile | null, next: ParsedFile): ParsedFile {
  if (previous === null) return withNotes(next, next.settings, new Set());
  if (!next.isReadable) return { ...previous, refused: next.refused, rejected: next.rejected };
  const merge = new Merge(previous, next);
  const settings = merge.settings();
  const definitions = merge.definitions();
  const tcp = merge.streams('tcp');
  const udp = merge.streams('udp');
  return { ...withNotes(next, settings, merge.kept), settings, definitions, tcp, udp };
}

class Merge {
  /** Refused parts of which a last good version stays. */
  readonly kept = new Set<RefusedPart>();
  readonly #previous: ParsedFile;
  readonly #next: ParsedFile;

  constructor(previous: ParsedFile, next: ParsedFile) {
    this.#previous = previous;
    this.#next = next;
  }

  settings(): FileSettings {
    const merged: Record<string, unknown> = { ...this.#next.settings };
    const settings = this.#previous.settings as Readonly<Record<string, unknown>>;
    for (const part of this.#next.refused) {
      const old = settings[part.section];
      // Entries of a list have their own ways back.
      if (old === undefined || part.index >= 0) continue;
      if (part.name === '') {
        merged[part.section] = old;
        this.kept.add(part);
      } else if (Object.hasOwn(old as object, part.name)) {
        const value = (old as Readonly<Record<string, unknown>>)[part.name];
        merged[part.section] = { ...(merged[part.section] as object | undefined), [part.name]: value };
        this.kept.add(part);
      }
    }
    const { tls } = this.#next.settings;
    const before = this.#previous.settings.tls;
    if (tls !== undefined && before !== undefined && merged['tls'] !== before) {
      merged['tls'] = { ...(merged['tls'] as TlsSection), hosts: this.#tlsHosts(before.hosts, tls.hosts) };
    }
    return merged;
  }

  /** Hosts of refused entries as they were. Where an entry does not tell its hosts, it may be any that is missing now. */
  #tlsHosts(before: readonly TlsHost[], now: readonly TlsHost[]): readonly TlsHost[] {
    const parts = this.#next.refused.filter(({ section, name }) => section === 'tls' && name !== 'profile');
    if (parts.length === 0) return now;
    const good = new Map(before.filter(({ isRefused }) => !isRefused).map((host) => [host.host, host]));
    const hosts = now.map((host) => {
      const old = host.isRefused ? good.get(host.host) : undefined;
      if (old === undefined) return host;
      for (const part of parts) if (part.index === host.index) this.kept.add(part);
      return { ...old, index: host.index, line: host.line };
    });
    const named = new Set(now.map(({ host }) => host));
    const unsure = parts.filter(({ id }) => id === '');
    const missing = unsure.length === 0 ? [] : before.filter(({ host }) => !named.has(host));
    if (missing.length > 0) for (const part of unsure) this.kept.add(part);
    return [...hosts, ...missing];
  }

  definitions(): RouteDefinition[] {
    const { definitions: old, path } = this.#previous;
    const ageOf = new Map(old.map(({ id, sinceMs }) => [id, sinceMs]));
    const fresh = this.#next.definitions.map((definition) => ({
      ...definition,
      sinceMs: Math.min(definition.sinceMs, ageOf.get(definition.id) ?? Infinity),
    }));
    const taken = new Set(fresh.flatMap((definition) => definition.hosts.map((host) => claimOf(host, definition))));
    const list = this.#refusedOf('routes');
    if (list.some(({ index }) => index < 0)) return [...old];
    const kept = this.#pick(
      old,
      list,
      taken.size === 0 ? () => false : (one) => one.hosts.every((host) => taken.has(claimOf(host, one))),
    );
    return [
      ...fresh,
      ...kept.map(([part, definition]) => ({
        ...definition,
        hosts: definition.hosts.filter((host) => !taken.has(claimOf(host, definition))),
        origin: { ...definition.origin, source: `file:${path}`, name: `routes[${part.index}]`, line: lineOf(part) },
      })),
    ].sort(byPosition);
  }

  streams(section: 'tcp' | 'udp'): StreamEntry[] {
    const old = this.#previous[section];
    const ageOf = new Map(old.map(({ stream }) => [stream.id, stream.sinceMs]));
    const fresh = this.#next[section].map((entry) => {
      const sinceMs = Math.min(entry.stream.sinceMs, ageOf.get(entry.stream.id) ?? Infinity);
      return { ...entry, stream: { ...entry.stream, sinceMs } };
    });
    const list = this.#refusedOf(section);
    if (list.some(({ index }) => index < 0)) return [...old];
    const named = old.map((entry) => ({ ...entry, id: entry.stream.id }));
    const kept = this.#pick(named, list, (entry) => fresh.some((other) => replaces(other, entry)));
    return [
      ...fresh,
      ...kept.map(([part, { listener, stream, origin: before }]) => {
        const origin = { ...before, name: `${section}[${part.index}]`, line: lineOf(part) };
        return { listener, stream: { ...stream, origin }, origin };
      }),
    ].sort(byPosition);
  }

  /** The last good version of each refused part, where there is one that nothing else has replaced. */
  #pick<T extends Entry>(
    old: readonly T[],
    refused: readonly RefusedPart[],
    isReplaced: (entry: T) => boolean,
  ): [RefusedPart, T][] {
    const byId = new Map(old.map((entry) => [entry.id, entry]));
    const byName = new Map(old.map((entry) => [entry.origin.name, entry]));
    const claimed = new Set(refused.map(({ id }) => id));
    const picked = new Map<T, RefusedPart>();
    for (const part of refused) {
      const atSamePlace = byName.get(`${part.section}[${part.index}]`);
      const entry = byId.get(part.id) ?? (atSamePlace && !claimed.has(atSamePlace.id) ? atSamePlace : undefined);
      if (entry === undefined || picked.has(entry) || isReplaced(entry)) continue;
      picked.set(entry, part);
      this.kept.add(part);
    }
    return [...picked].map(([entry, part]) => [part, entry]);
  }

  #refusedOf(section: 'routes' | 'tcp' | 'udp'): RefusedPart[] {
    const parts = this.#next.refused.filter((part) => part.section === section);
    for (const part of parts) if (part.index < 0) this.kept.add(part);
    return parts;
  }
}

/** What the merge of all sources takes for the same route. */
function claimOf(host: string, definition: RouteDefinition): string {
  return host + definition.path + matchHash(definition);
}

/** Both cannot be there: they open one port in two ways, or take the same names. */
function replaces(fresh: StreamEntry, old: StreamEntry): boolean {
  const ports = new Set(fresh.listener?.addresses.map(({ port }) => port));
  const isSamePort = old.listener?.addresses.some(({ port }) => ports.has(port)) === true;
  if (isSamePort && !sameValue(fresh.listener, old.listener)) return true;
  if (fresh.stream.listener !== old.stream.listener) return false;
  const hosts = new Set(hostsOf(fresh));
  return hostsOf(old).some((host) => hosts.has(host));
}

function hostsOf({ stream: { hosts } }: StreamEntry): readonly string[] {
  return hosts.length === 0 ? ['*'] : hosts;
}

interface Entry {
  readonly id: string;
  readonly origin: { readonly name: string };
}

/** What became of the parts that were refused. */
function withNotes(next: ParsedFile, { tls }: FileSettings, kept: ReadonlySet<RefusedPart>): ParsedFile {
  const closed = new Set(
    tls?.hosts.filter((host) => host.isRefused && host.clientCertificates !== undefined).map(({ index }) => index),
  );
  const refused = next.refused.map((part) => {
    if (kept.has(part)) return withNote(part, 'its last good version stays in force');
    const isClosed = part.section === 'tls' && closed.has(part.index);
    return isClosed ? withNote(part, 'nobody gets into its hosts until it is mended') : part;
  });
  return { ...next, refused, rejected: collectRejections(refused) };
}

function withNote(part: RefusedPart, note: string): RefusedPart {
  return { ...part, rejections: part.rejections.map((one) => ({ ...one, message: `${one.message}; ${note}` })) };
}

function lineOf(part: RefusedPart): number {
  return part.rejections[0]?.line ?? 0;
}

function byPosition(a: Pick<Entry, 'origin'>, b: Pick<Entry, 'origin'>): number {
  return positionOf(a) - positionOf(b);
}

function positionOf({ origin: { name } }: Pick<Entry, 'origin'>): number {
  return Number(name.slice(name.indexOf('[') + 1, -1));
}
