import { EVENT_ID, getScalarValue, SCALAR_STYLE, type Event, type ScalarEvent } from 'js-yaml';

/** 1-based, columns in UTF-16 code units: what editors show. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys and indexes from the top of the document: `['routes', 3, 'to']`. */
export type Path = readonly PropertyKey[];

interface Place {
  /** Of the value; for an empty value that of its key. */
  readonly offset: number;
  /** Of the key that leads here; of the value itself in a list. */
  readonly keyOffset: number;
  readonly children: Map<string, Place>;
}

/** Knows where in the text each key and value stands. A path that does not exist is answered by its nearest ancestor. */
export class Locations {
  readonly #root: Place;
  readonly #lineStarts: readonly number[];

  /** `events` are those of one document, without its DOCUMENT event. */
  constructor(text: string, events: readonly Event[]) {
    this.#root = buildPlaces(text, events);
    this.#lineStarts = findLineStarts(text);
  }

  ofValue(path: Path): Position {
    return this.at(this.#find(path).offset);
  }

  ofKey(path: Path): Position {
    return this.at(this.#find(path).keyOffset);
  }

  at(offset: number): Position {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  #find(path: Path): Place {
    let place = this.#root;
    for (const step of path) {
      const child = place.children.get(String(step));
      if (child === undefined) return place;
      place = child;
    }
    return place;
  }
}

/** YAML 1.2 section 5.4: LF, CR and CR LF end a line. */
function findLineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}

interface Open {
  readonly place: Place;
  readonly isList: boolean;
  /** The key that waits for its value; null when the next node is a key (or a list item). */
  key: { readonly name: string; readonly offset: number } | null;
  count: number;
}

function buildPlaces(text: string, events: readonly Event[]): Place {
  const root: Place = { offset: 0, keyOffset: 0, children: new Map() };
  const stack: Open[] = [];
  let offset = 0;
  let end = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      stack.pop();
      continue;
    }
    offset = startOf(event, () => stack.at(-1)?.key?.offset ?? findDash(text, end) ?? offset);
    end = Math.max(end, endOf(event), offset + 1);
    const place = attach(stack.at(-1), event, text, offset) ?? root;
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
      stack.push({ place, isList: event.type === EVENT_ID.SEQUENCE, key: null, count: 0 });
    }
  }
  return root;
}

/** Files the node under its parent. Null at the top, where the root already stands for it. */
function attach(parent: Open | undefined, event: Event, text: string, offset: number): Place | null {
  if (parent === undefined) return null;
  if (!parent.isList && parent.key === null) {
    const name = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
    parent.key = { name, offset };
    return { offset, keyOffset: offset, children: new Map() };
  }
  const place: Place = { offset, keyOffset: parent.key?.offset ?? offset, children: new Map() };
  parent.place.children.set(parent.key?.name ?? String(parent.count), place);
  parent.key = null;
  parent.count += 1;
  return place;
}

/** The dash of an empty list item, which is all that there is of it; `end` is where the item before it ends. */
function findDash(text: string, end: number): number | undefined {
  let index = end;
  while (index < text.length) {
    const character = text.charAt(index);
    if (character === '-') return index;
    if (character === '#') {
      const lineEnd = text.indexOf('\n', index);
      index = lineEnd < 0 ? text.length : lineEnd;
    } else if (!' \t\r\n"\'}],'.includes(character)) {
      return undefined;
    }
    index += 1;
  }
  return undefined;
}

/** An empty value has no place of its own: `fallback` is that of its key, or of what came before it. */
function startOf(event: Event, fallback: () => number): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart < 0 ? fallback() : event.valueStart - quoteWidth(event);
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return fallback();
    default:
      return event satisfies never;
  }
}

function endOf(event: Event): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueEnd;
  return event.type === EVENT_ID.ALIAS ? event.anchorEnd : 0;
}

function quoteWidth(event: ScalarEvent): number {
  return event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
}
