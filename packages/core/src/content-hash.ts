import { createHash } from 'node:crypto';

/**
 * The hash of a set of entries that changes in constant time when one entry changes: the sum, modulo 2^128, of the
 * first 128 bits of SHA-256 over `table/id` and the entry's canonical JSON.
 *
 * It finds what goes wrong by itself (a lost delta, a torn file, a bug). It is no signature: who can write to the socket
 * can also compute a hash. Order does not count, as tables are looked up by id.
 */
export class ContentHash {
  #sum: bigint;

  constructor(hex = '0') {
    this.#sum = BigInt(`0x${hex}`);
  }

  add(table: string, id: string, entry: object): void {
    this.#sum = (this.#sum + partOf(table, id, entry)) & MASK;
  }

  remove(table: string, id: string, entry: object): void {
    this.#sum = (this.#sum - partOf(table, id, entry)) & MASK;
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return this.#sum.toString(16).padStart(32, '0');
  }
}

const MASK = (1n << 128n) - 1n;

/** Entries are immutable and shared between Snapshots, so each is hashed once. */
const known = new WeakMap<object, { readonly key: string; readonly part: bigint }>();

function partOf(table: string, id: string, entry: object): bigint {
  const key = `${table}/${id}`;
  const before = known.get(entry);
  if (before?.key === key) return before.part;
  const digest = createHash('sha256')
    .update(`${key}\n${canonicalJson(entry)}`)
    .digest('hex');
  const part = BigInt(`0x${digest.slice(0, 32)}`);
  known.set(entry, { key, part });
  return part;
}

/** JSON in which the order of keys depends on nothing but the keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isPlainObject(part) ? sortKeys(part) : part));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortKeys(value: Record<string, unknown>): Record<string, unknown> {
  const sorted = Object.create(null) as Record<string, unknown>;
  for (const key of Object.keys(value).sort()) sorted[key] = value[key];
  return sorted;
}
