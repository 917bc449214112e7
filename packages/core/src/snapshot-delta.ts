import { ContentHash } from './content-hash.ts';
import { sameValue } from './same-value.ts';
import type { WorkerSettings } from './settings.ts';
import type { Snapshot, SnapshotTables } from './snapshot.ts';
import { addSettings, removeSettings, TABLE_NAMES, type TableEntry, type TableName } from './snapshot-tables.ts';

/** What changed in one table; entries are whole ones. */
export interface TableDelta<E> {
  readonly set: readonly E[];
  /** Ids. */
  readonly remove: readonly string[];
}

/** The way from one Snapshot to another, as JSON. */
export interface Delta {
  readonly from: number;
  readonly to: number;
  /** `Snapshot.hash` before and after. */
  readonly fromHash: string;
  readonly hash: string;
  /** Null: unchanged. */
  readonly settings: WorkerSettings | null;
  /** Tables that are not named did not change. */
  readonly tables: { readonly [N in TableName]?: TableDelta<TableEntry<N>> };
}

/** The delta is for another Snapshot than the one at hand, or was damaged: ask for the whole one. */
export class DeltaMismatch extends Error {
  override readonly name = 'DeltaMismatch';
}

export function diffSnapshots(from: Snapshot, to: Snapshot): Delta {
  const tables: Record<string, TableDelta<unknown>> = {};
  for (const name of TABLE_NAMES) {
    if (from[name] === to[name]) continue;
    const delta = diffTable<unknown>(from[name], to[name]);
    if (delta.set.length > 0 || delta.remove.length > 0) tables[name] = delta;
  }
  const settings = sameValue(from.settings, to.settings) ? null : to.settings;
  return { from: from.version, to: to.version, fromHash: from.hash, hash: to.hash, settings, tables };
}

/**
 * @throws DeltaMismatch when `delta` does not start at this Snapshot, or when the result has not the hash that it
 *   should have; the Snapshot is as before
 */
export function applyDelta(snapshot: Snapshot, delta: Delta): Snapshot {
  if (delta.from !== snapshot.version || delta.fromHash !== snapshot.hash) {
    throw new DeltaMismatch(
      `found a delta from version ${delta.from} (${delta.fromHash}), expected one from ${snapshot.version} (${snapshot.hash})`,
    );
  }
  const hash = new ContentHash(snapshot.hash);
  const tables: SnapshotTables = {
    listeners: applyTable('listeners', snapshot.listeners, delta.tables.listeners, hash),
    routes: applyTable('routes', snapshot.routes, delta.tables.routes, hash),
    streams: applyTable('streams', snapshot.streams, delta.tables.streams, hash),
    backends: applyTable('backends', snapshot.backends, delta.tables.backends, hash),
    certificates: applyTable('certificates', snapshot.certificates, delta.tables.certificates, hash),
    pages: applyTable('pages', snapshot.pages, delta.tables.pages, hash),
    challenges: applyTable('challenges', snapshot.challenges, delta.tables.challenges, hash),
    tlsPolicies: applyTable('tlsPolicies', snapshot.tlsPolicies, delta.tables.tlsPolicies, hash),
    wakeGroups: applyTable('wakeGroups', snapshot.wakeGroups, delta.tables.wakeGroups, hash),
  };
  const settings = delta.settings ?? snapshot.settings;
  removeSettings(hash, snapshot.settings);
  addSettings(hash, settings);
  if (hash.toString() !== delta.hash) {
    throw new DeltaMismatch(`version ${delta.to}: found content with hash ${hash.toString()}, expected ${delta.hash}`);
  }
  return { version: delta.to, hash: delta.hash, settings, ...tables };
}

function diffTable<E>(from: ReadonlyMap<string, E>, to: ReadonlyMap<string, E>): TableDelta<E> {
  const set: E[] = [];
  const remove: string[] = [];
  for (const [id, entry] of to) if (!sameValue(from.get(id), entry)) set.push(entry);
  for (const id of from.keys()) if (!to.has(id)) remove.push(id);
  return { set, remove };
}

function applyTable<E extends { readonly id: string }>(
  name: TableName,
  table: ReadonlyMap<string, E>,
  delta: TableDelta<E> | undefined,
  hash: ContentHash,
): ReadonlyMap<string, E> {
  if (delta === undefined) return table;
  const changed = new Map(table);
  const drop = (id: string): void => {
    const entry = changed.get(id);
    if (entry === undefined) return;
    hash.remove(name, id, entry);
    changed.delete(id);
  };
  for (const id of delta.remove) drop(id);
  for (const entry of delta.set) {
    drop(entry.id);
    hash.add(name, entry.id, entry);
    changed.set(entry.id, entry);
  }
  return changed;
}
