/** A message that does not have the shape it claims. The connection it came from is closed. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of an untrusted message one by one: where, what was found, what was expected. */
export class Shape {
  readonly #fields: Fields;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new MalformedMessage(`${where}: found ${describe(value)}, expected an object`);
    }
    this.#fields = value as Fields;
    this.#where = where;
  }

  #take(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }

  #fail(key: string, expected: string): never {
    throw new MalformedMessage(`${this.#where}.${key}: found ${describe(this.#take(key))}, expected ${expected}`);
  }

  string(key: string, maxLength = 4096): string {
    const value = this.#take(key);
    if (typeof value !== 'string' || value.length > maxLength) {
      this.#fail(key, `a string of at most ${maxLength} characters`);
    }
    return value;
  }

  integer(key: string, min = 0): number {
    const value = this.#take(key);
    if (!Number.isSafeInteger(value) || (value as number) < min) this.#fail(key, `an integer of at least ${min}`);
    return value as number;
  }

  boolean(key: string): boolean {
    const value = this.#take(key);
    if (typeof value !== 'boolean') this.#fail(key, 'true or false');
    return value;
  }

  /** A counter or gauge: one that miscounts is no reason to cut a worker off from its table. */
  number(key: string): number {
    const value = this.#take(key);
    if (!Number.isFinite(value)) this.#fail(key, 'a number');
    return value as number;
  }

  /** So many of them. */
  numbers(key: string, count: number): number[] {
    const value = this.#take(key);
    const isList = Array.isArray(value) && value.length === count && value.every((item) => Number.isFinite(item));
    if (!isList) this.#fail(key, `a list of ${count} numbers`);
    return value as number[];
  }

  oneOf<T extends string>(key: string, words: readonly T[]): T {
    const found = words.find((word) => word === this.#take(key));
    if (found === undefined) this.#fail(key, words.join(' or '));
    return found;
  }

  list<T>(key: string, read: (item: Shape) => T, maxItems = 100_000): T[] {
    const value = this.#take(key);
    if (!Array.isArray(value) || value.length > maxItems) this.#fail(key, `a list of at most ${maxItems} items`);
    return value.map((item: unknown, at) => read(new Shape(item, `${this.#where}.${key}[${at}]`)));
  }

  strings(key: string, { maxItems, maxLength }: { readonly maxItems: number; readonly maxLength: number }): string[] {
    const value = this.#take(key);
    const isFine =
      Array.isArray(value) &&
      value.length <= maxItems &&
      value.every((item) => typeof item === 'string' && item.length <= maxLength);
    if (!isFine) this.#fail(key, `a list of at most ${maxItems} strings of at most ${maxLength} characters`);
    return value as string[];
  }

  object(key: string): Shape {
    return new Shape(this.#take(key), `${this.#where}.${key}`);
  }

  /** A table of counters, such as errors by code. Null prototype: the names come from outside. */
  counters(key: string, maxItems = 1024): Record<string, number> {
    const value = this.#take(key);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value as Fields) : undefined;
    if (entries === undefined || entries.length > maxItems) this.#fail(key, `at most ${maxItems} counters`);
    const counters = Object.create(null) as Record<string, number>;
    for (const [name, count] of entries) {
      if (!Number.isFinite(count)) this.#fail(key, 'numbers');
      counters[name] = count as number;
    }
    return counters;
  }

  unknown(key: string): unknown {
    return this.#take(key);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return `a string of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `an ${typeof value}`;
}
