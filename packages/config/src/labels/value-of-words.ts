import type { Path } from '../yaml/locations.ts';

/** One label below a section: `dproxy.filters.1.retry.attempts=3` has the path `1`, `retry`, `attempts`. */
export interface LabelWord {
  /** In full, for messages. */
  readonly label: string;
  readonly path: readonly string[];
  readonly value: string;
}

/** The part of a JSON schema that tells what a text stands for. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** Something wrong with one label. */
export interface LabelFinding {
  readonly label: string;
  readonly message: string;
  readonly expected: string;
}

export interface WordsValue {
  readonly value: unknown;
  /** The label that said what stands at a path of `value`; of the nearest place above it otherwise. */
  labelAt(path: Path): string;
  /** Labels that contradict each other, or that no value can be made of. */
  readonly findings: readonly LabelFinding[];
}

const MAX_DEPTH = 16;
const CLASH = { message: 'another label says something else for the same place', expected: 'one label for each thing' };
const TOO_DEEP = {
  message: 'it has too many parts',
  expected: `at most ${MAX_DEPTH} parts below the name of the service`,
};

/**
 * Labels are flat texts; the value that they add up to is what dproxy.yml would have in their place. Keys are those of the
 * schema, whatever their case; numbers as keys make a list in their order; where the schema takes numbers, true or false, or
 * lists, texts become these (a list has commas).
 */
export function valueOfWords(schema: SchemaNode, words: readonly LabelWord[]): WordsValue {
  const builder = new Builder();
  const value = builder.build(alternativesOf(schema), words, []);
  return { value, labelAt: (path) => builder.labelAt(path), findings: builder.findings };
}

class Builder {
  readonly findings: LabelFinding[] = [];
  readonly #labels = new Map<string, string>();

  labelAt(path: Path): string {
    for (let length = path.length; length > 0; length -= 1) {
      const label = this.#labels.get(keyOf(path.slice(0, length)));
      if (label !== undefined) return label;
    }
    return this.#labels.get(keyOf([])) ?? '';
  }

  build(nodes: readonly SchemaNode[], words: readonly LabelWord[], place: Path): unknown {
    const depth = place.length;
    this.#labels.set(keyOf(place), words[0]?.label ?? '');
    const here = words.filter(({ path }) => path.length === depth);
    const below = words.filter(({ path }) => path.length > depth);
    // `sticky=true` beside `sticky.name=...` says nothing new.
    const telling = here.filter(({ value }) => below.length === 0 || value.trim().toLowerCase() !== 'true');
    const [only] = telling;
    if (telling.length > 1 || (only !== undefined && below.length > 0)) this.#refuse(telling, CLASH);
    if (below.length > 0 && depth >= MAX_DEPTH) {
      this.#refuse(below, TOO_DEEP);
      return '';
    }
    if (below.length === 0) return leafValue(nodes, only?.value ?? '');
    const groups = this.#groups(nodes, below, depth);
    const isList =
      nodes.some(({ items }) => items !== undefined) && groups.keys().every((key) => /^\d{1,6}$/.test(key));
    return isList ? this.#list(nodes, groups, place) : this.#map(nodes, groups, place);
  }

  #refuse(words: readonly LabelWord[], why: Omit<LabelFinding, 'label'>): void {
    this.findings.push(...words.map(({ label }) => ({ label, ...why })));
  }

  #list(nodes: readonly SchemaNode[], groups: Groups, place: Path): unknown[] {
    const items = nodes.flatMap((node) => (node.items === undefined ? [] : alternativesOf(node.items)));
    const ordered = [...groups].sort(([a], [b]) => Number(a) - Number(b));
    return ordered.map(([, words], index) => this.build(items, words, [...place, index]));
  }

  #map(nodes: readonly SchemaNode[], groups: Groups, place: Path): Record<string, unknown> {
    const entries = [...groups].map(([key, words]): [string, unknown] => {
      const child = nodes.flatMap((node) => childrenOf(node, key));
      return [key, this.build(child, words, [...place, key])];
    });
    // Defines own properties, also one called __proto__.
    return Object.fromEntries(entries);
  }

  #groups(nodes: readonly SchemaNode[], words: readonly LabelWord[], depth: number): Groups {
    const known = new Map(
      nodes.flatMap(({ properties }) => Object.keys(properties ?? {}).map((key) => [key.toLowerCase(), key])),
    );
    const groups = new Map<string, LabelWord[]>();
    for (const word of words) {
      const written = word.path[depth] ?? '';
      const key = known.get(written.toLowerCase()) ?? written;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [word]);
      else group.push(word);
    }
    return groups;
  }
}

type Groups = ReadonlyMap<string, readonly LabelWord[]>;

function leafValue(nodes: readonly SchemaNode[], raw: string): unknown {
  const text = raw.trim();
  const takes = (...types: readonly string[]): boolean => nodes.some(({ type }) => types.includes(type ?? ''));
  const flag = text.toLowerCase();
  if (takes('boolean') && (flag === 'true' || flag === 'false')) return flag === 'true';
  // Not "007" or "1e3": what reads otherwise than it is written is a text.
  if (takes('number', 'integer') && String(Number(text)) === text) return Number(text);
  const items = nodes.flatMap((node) => (node.items === undefined ? [] : alternativesOf(node.items)));
  if (items.length > 0 && (text.includes(',') || !takesText(nodes))) {
    const parts = text.split(',').map((part) => part.trim());
    return parts.filter((part) => part !== '').map((part) => leafValue(items, part));
  }
  // `compress=` with nothing to say.
  if (text === '' && takes('object')) return {};
  return text;
}

function takesText(nodes: readonly SchemaNode[]): boolean {
  return nodes.some(
    ({ type, const: only, enum: words }) =>
      type === 'string' || (words ?? [only]).some((word) => typeof word === 'string'),
  );
}

/** A union within a union is one. */
function alternativesOf(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap((each) => alternativesOf(each));
}

function childrenOf({ properties, additionalProperties }: SchemaNode, key: string): readonly SchemaNode[] {
  if (properties !== undefined && Object.hasOwn(properties, key)) return alternativesOf(properties[key] ?? {});
  return typeof additionalProperties === 'object' ? alternativesOf(additionalProperties) : [];
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
