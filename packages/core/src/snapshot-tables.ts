import { ContentHash } from './content-hash.ts';
import { sameValue } from './same-value.ts';
import type { WorkerSettings } from './settings.ts';
import type { Snapshot, SnapshotTables } from './snapshot.ts';

export type TableName = keyof SnapshotTables;
export type TableEntry<N extends TableName> = SnapshotTables[N] extends ReadonlyMap<string, infer E> ? E : never;

export const TABLE_NAMES = [
  'listeners',
  'routes',
  'streams',
  'backends',
  'certificates',
  'pages',
  'challenges',
  'tlsPolicies',
  'wakeGroups',
] as const satisfies TableName[];

/** The content of a Snapshot, before it has a version and a hash. */
export type SnapshotContent = Omit<Snapshot, 'version' | 'hash'>;

/** Hashes the whole; after a change of few entries `ContentHash` on the old hash costs only those. */
export function hashContent(content: SnapshotContent): string {
  const hash = new ContentHash();
  for (const name of TABLE_NAMES) for (const [id, entry] of content[name]) hash.add(name, id, entry);
  addSettings(hash, content.settings);
  return hash.toString();
}

export function addSettings(hash: ContentHash, settings: WorkerSettings): void {
  hash.add('settings', '', settings);
}

export function removeSettings(hash: ContentHash, settings: WorkerSettings): void {
  hash.remove('settings', '', settings);
}

/**
 * The table of these entries in the order of their ids, with every unchanged entry (and, if nothing changed, the map
 * itself) taken from `previous`: what is identical is neither hashed nor compared nor sent again.
 */
export function shareTable<E extends { readonly id: string }>(
  entries: Iterable<E>,
  previous: ReadonlyMap<string, E> | undefined,
): ReadonlyMap<string, E> {
  const sorted = [...entries].sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
  const table = new Map<string, E>();
  let isSame = true;
  for (const entry of sorted) {
    const before = previous?.get(entry.id);
    const isKept = before !== undefined && sameValue(before, entry);
    table.set(entry.id, isKept ? before : entry);
    isSame &&= isKept;
  }
  return isSame && previous?.size === table.size ? previous : table;
}
