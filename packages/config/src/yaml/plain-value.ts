import type { Path } from './locations.ts';

/** Something in the document that no schema can see: the entry that holds it is refused, nothing else. */
export interface Flaw {
  readonly path: Path;
  readonly message: string;
  readonly expected: string;
}

export interface PlainValue {
  /** Only null-prototype objects, arrays and scalars; aliases share one object. */
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
}

/**
 * The most values that a document may have once its aliases are followed. A document of the greatest size without an
 * alias has fewer; "billion laughs" (nine aliases of nine aliases of ...) has 10^9 from 400 bytes.
 */
const MAX_EXPANDED_VALUES = 600_000;

/** Each entry is compared with each flaw. */
const MAX_FLAWS = 100;

/** The document as a whole cannot be used. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly path: Path;
  readonly expected: string;

  constructor(message: string, expected: string, path: Path) {
    super(message);
    this.expected = expected;
    this.path = path;
  }
}

/**
 * Turns the Maps of the YAML reader into null-prototype objects, so that a key named `constructor` is a key like others
 * (CVE-2026-21710 is what happens otherwise). Each shared object is visited once, however often aliases name it.
 *
 * @throws DocumentError for an alias that contains itself, and for too many values.
 */
export function toPlainValue(document: unknown): PlainValue {
  const walk = new Walk();
  const value = walk.convert(document, []);
  return { value, flaws: walk.flaws };
}

interface Converted {
  readonly value: unknown;
  readonly size: number;
}

class Walk {
  readonly flaws: Flaw[] = [];
  readonly #done = new Map<object, Converted | 'open'>();
  #size = 0;

  convert(node: unknown, path: Path): unknown {
    if (typeof node !== 'object' || node === null) {
      this.#grow(1, path);
      return node;
    }
    const known = this.#done.get(node);
    if (known === 'open') {
      throw new DocumentError('an alias contains itself', 'an alias to something that is already complete', path);
    }
    if (known !== undefined) {
      this.#grow(known.size, path);
      return known.value;
    }
    this.#done.set(node, 'open');
    const before = this.#size;
    this.#grow(1, path);
    const value = node instanceof Map ? this.#toObject(node, path) : this.#toList(node as unknown[], path);
    this.#done.set(node, { value, size: this.#size - before });
    return value;
  }

  #toList(list: readonly unknown[], path: Path): unknown[] {
    return list.map((item, index) => this.convert(item, [...path, index]));
  }

  #toObject(map: ReadonlyMap<unknown, unknown>, path: Path): object {
    const object = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of map) {
      const name = keyName(key);
      if (name === null) {
        this.#flaw({ path, message: 'a key that is not a plain word', expected: 'words, as in `host: ...`' });
      } else if (name === '__proto__') {
        // zod's record() passes over this key without a word, so that it must be refused here.
        this.#flaw({ path: [...path, name], message: 'the key "__proto__"', expected: 'another name' });
      } else {
        object[name] = this.convert(item, [...path, name]);
      }
    }
    return object;
  }

  #flaw(flaw: Flaw): void {
    this.flaws.push(flaw);
    if (this.flaws.length > MAX_FLAWS)
      throw new DocumentError(`more than ${MAX_FLAWS} such keys`, flaw.expected, flaw.path);
  }

  #grow(by: number, path: Path): void {
    this.#size += by;
    if (this.#size <= MAX_EXPANDED_VALUES) return;
    const message = `more than ${MAX_EXPANDED_VALUES} values once the aliases are followed`;
    throw new DocumentError(message, 'fewer aliases', path);
  }
}

function keyName(key: unknown): string | null {
  if (typeof key === 'string') return key;
  return typeof key === 'number' || typeof key === 'boolean' ? String(key) : null;
}
