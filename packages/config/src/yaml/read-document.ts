import {
  constructFromEvents,
  CORE_SCHEMA,
  EVENT_ID,
  parseEvents,
  realMapTag,
  YAMLException,
  type Event,
} from 'js-yaml';
import { Locations, type Position } from './locations.ts';
import { DocumentError, toPlainValue, type Flaw } from './plain-value.ts';

/** The greatest dproxy.yml: some 15,000 routes. */
export const MAX_FILE_BYTES = 1_048_576;
const MAX_ALIASES = 100;
/** The schema is six levels deep. */
const MAX_DEPTH = 32;

export interface ReadableDocument {
  readonly isReadable: true;
  /** Null for a document that is empty or has only comments. */
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
  readonly locations: Locations;
}

export interface UnreadableDocument {
  readonly isReadable: false;
  readonly position: Position;
  readonly message: string;
  readonly expected: string;
}

/** Core schema of YAML 1.2 (no dates, no `yes`), no tags of other kinds, mappings as Map. */
const SCHEMA = CORE_SCHEMA.withTags(realMapTag);

/** Reads one YAML document. Never throws: whatever is wrong comes back with its place. */
export function readDocument(source: string): ReadableDocument | UnreadableDocument {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return refuse({ line: 1, column: 1 }, 'the file is too big', `at most ${MAX_FILE_BYTES} bytes`);
  }
  let locations = new Locations(text, []);
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const second = findSecondDocument(events);
    if (second !== null) return refuse(locations.at(second), 'a second document (`---`)', 'one document');
    locations = new Locations(text, events.slice(1, -1));
    const [document] = constructFromEvents(events, { source: text, schema: SCHEMA, maxAliases: MAX_ALIASES });
    return { isReadable: true, ...toPlainValue(document ?? null), locations };
  } catch (error) {
    return explain(error, locations);
  }
}

function explain(error: unknown, locations: Locations): UnreadableDocument {
  if (error instanceof DocumentError) {
    return refuse(locations.ofValue(error.path), error.message, error.expected);
  }
  if (!(error instanceof YAMLException)) {
    const message = error instanceof Error ? error.message : String(error);
    return refuse({ line: 1, column: 1 }, `the YAML reader failed: ${message}`, 'valid YAML 1.2');
  }
  const { mark } = error;
  return refuse(mark ? locations.at(mark.position) : { line: 1, column: 1 }, error.reason, expectedFor(error.reason));
}

/** The reader's reasons are short; these are the ones that people meet. */
function expectedFor(reason: string): string {
  if (reason.startsWith('duplicated mapping key')) return 'each key once';
  if (reason.startsWith('unknown')) return 'no tags (`!name`): dproxy.yml needs none';
  if (reason.includes('maxDepth')) return `at most ${MAX_DEPTH} levels`;
  if (reason.includes('alias')) return `at most ${MAX_ALIASES} aliases, each after its anchor`;
  return 'valid YAML 1.2: check indentation, quotes and brackets here and in the line above';
}

function refuse(position: Position, message: string, expected: string): UnreadableDocument {
  return { isReadable: false, position, message, expected };
}

/** Offset of the first node of a second document, or null. */
function findSecondDocument(events: readonly Event[]): number | null {
  const second = events.findIndex((event, index) => index > 0 && event.type === EVENT_ID.DOCUMENT);
  if (second < 0) return null;
  const node = events[second + 1];
  if (node === undefined) return 0;
  if (node.type === EVENT_ID.SCALAR) return Math.max(0, node.valueStart);
  return node.type === EVENT_ID.MAPPING || node.type === EVENT_ID.SEQUENCE ? node.start : 0;
}
