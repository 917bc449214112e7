import type { WorkerSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import type { Delta } from './snapshot-delta.ts';
import { DELTA, ENCODED_SNAPSHOT } from './_snapshot-shapes.ts';
import { hashContent, type TableEntry, type TableName } from './snapshot-tables.ts';

/** A Snapshot as JSON: tables are lists. */
export type EncodedSnapshot = {
  readonly [N in TableName]: readonly TableEntry<N>[];
} & {
  readonly version: number;
  readonly hash: string;
  readonly settings: WorkerSettings;
};

/** What came from another process or from disk is no Snapshot, or not the one that was sent. */
export class SnapshotMalformed extends Error {
  override readonly name = 'SnapshotMalformed';
}

export function encodeSnapshot(snapshot: Snapshot): EncodedSnapshot {
  const { version, hash, settings, listeners, routes, streams, backends, certificates } = snapshot;
  const { pages, challenges, tlsPolicies, wakeGroups } = snapshot;
  return {
    version,
    hash,
    settings,
    listeners: [...listeners.values()],
    routes: [...routes.values()],
    streams: [...streams.values()],
    backends: [...backends.values()],
    certificates: [...certificates.values()],
    pages: [...pages.values()],
    challenges: [...challenges.values()],
    tlsPolicies: [...tlsPolicies.values()],
    wakeGroups: [...wakeGroups.values()],
  };
}

/**
 * @param value what `JSON.parse` made of it
 * @throws SnapshotMalformed with the place, what was found and what was expected
 */
export function decodeSnapshot(value: unknown): Snapshot {
  const problem = ENCODED_SNAPSHOT(value, 'snapshot');
  if (problem !== undefined) throw new SnapshotMalformed(problem);
  const encoded = value as EncodedSnapshot;
  const snapshot: Snapshot = {
    version: encoded.version,
    hash: encoded.hash,
    settings: encoded.settings,
    listeners: byId('listeners', encoded.listeners),
    routes: byId('routes', encoded.routes),
    streams: byId('streams', encoded.streams),
    backends: byId('backends', encoded.backends),
    certificates: byId('certificates', encoded.certificates),
    pages: byId('pages', encoded.pages),
    challenges: byId('challenges', encoded.challenges),
    tlsPolicies: byId('tlsPolicies', encoded.tlsPolicies),
    wakeGroups: byId('wakeGroups', encoded.wakeGroups),
  };
  const hash = hashContent(snapshot);
  if (hash !== snapshot.hash) {
    throw new SnapshotMalformed(`snapshot: found content with hash ${hash}, expected ${snapshot.hash}`);
  }
  return snapshot;
}

/** @throws SnapshotMalformed as above; whether it fits the Snapshot at hand is for `applyDelta` to say */
export function decodeDelta(value: unknown): Delta {
  const problem = DELTA(value, 'delta');
  if (problem !== undefined) throw new SnapshotMalformed(problem);
  return value as Delta;
}

function byId<E extends { readonly id: string }>(name: TableName, entries: readonly E[]): ReadonlyMap<string, E> {
  const table = new Map(entries.map((entry) => [entry.id, entry]));
  if (table.size !== entries.length) throw new SnapshotMalformed(`snapshot.${name}: found an id twice`);
  return table;
}
