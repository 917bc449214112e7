/** Says what is wrong with a value that came from another process, or undefined: place, found, expected. */
export type Shape = (value: unknown, place: string) => string | undefined;

export const text: Shape = (value, place) => (typeof value === 'string' ? undefined : wrong(place, value, 'a string'));

export const flag: Shape = (value, place) =>
  typeof value === 'boolean' ? undefined : wrong(place, value, 'a boolean');

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Shape {
  return (value, place) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : wrong(place, value, `an integer from ${min} to ${max}`);
}

export function oneOf(...allowed: readonly (string | number)[]): Shape {
  return (value, place) =>
    allowed.some((item) => item === value) ? undefined : wrong(place, value, `one of ${allowed.join(', ')}`);
}

export function matching(pattern: RegExp, expected: string): Shape {
  return (value, place) =>
    typeof value === 'string' && pattern.test(value) ? undefined : wrong(place, value, expected);
}

export function listOf(item: Shape): Shape {
  return (value, place) => {
    if (!Array.isArray(value)) return wrong(place, value, 'a list');
    for (const [index, part] of value.entries()) {
      const problem = item(part, `${place}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** A list of fixed length. */
export function tuple(...items: readonly Shape[]): Shape {
  return (value, place) => {
    if (!Array.isArray(value) || value.length !== items.length) return wrong(place, value, `a list of ${items.length}`);
    return firstOf(items, (item, index) => item(value[index], `${place}[${index}]`));
  };
}

export function nullOr(shape: Shape): Shape {
  return (value, place) => (value === null ? undefined : shape(value, place));
}

/** An object whose keys are nobody's business here. */
export const record: Shape = (value, place) => (isRecord(value) ? undefined : wrong(place, value, 'an object'));

/** For a shape that has itself as a part. */
export function lazy(shape: () => Shape): Shape {
  return (value, place) => shape()(value, place);
}

/** An object with exactly these keys. */
export function object(fields: Readonly<Record<string, Shape>>): Shape {
  return withFields(fields, true);
}

/** An object with some of these keys. */
export function partial(fields: Readonly<Record<string, Shape>>): Shape {
  return withFields(fields, false);
}

/** An object whose `key` says which of the shapes it has. */
export function variant(key: string, shapes: Readonly<Record<string, Shape>>): Shape {
  const table = new Map(Object.entries(shapes));
  return (value, place) => {
    if (!isRecord(value)) return wrong(place, value, 'an object');
    const tag = value[key];
    const shape = typeof tag === 'string' ? table.get(tag) : undefined;
    return shape === undefined
      ? wrong(`${place}.${key}`, tag, `one of ${[...table.keys()].join(', ')}`)
      : shape(value, place);
  };
}

function withFields(fields: Readonly<Record<string, Shape>>, isComplete: boolean): Shape {
  const table = new Map(Object.entries(fields));
  return (value, place) => {
    if (!isRecord(value)) return wrong(place, value, 'an object');
    const keys = Object.keys(value);
    const unknown = keys.find((key) => !table.has(key));
    if (unknown !== undefined) return wrong(place, unknown, `only the keys ${[...table.keys()].join(', ')}`);
    return firstOf([...table], ([key, shape]) => {
      if (!Object.hasOwn(value, key)) return isComplete ? wrong(`${place}.${key}`, undefined, 'a value') : undefined;
      return shape(value[key], `${place}.${key}`);
    });
  };
}

function firstOf<T>(items: readonly T[], check: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = check(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(place: string, value: unknown, expected: string): string {
  const found = value === undefined ? 'nothing' : JSON.stringify(value);
  return `${place}: found ${found.length > 60 ? `${found.slice(0, 60)}...` : found}, expected ${expected}`;
}
