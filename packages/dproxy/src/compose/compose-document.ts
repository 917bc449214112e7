import { readDocument } from '@dproxy/config';
import { interpolate, type Variables } from './interpolate.ts';

/** A map of the document; without a prototype, so that any text may be a key. */
export type Table = Readonly<Record<string, unknown>>;

/** Something of the file that is not as it should be, or that is not read. */
export interface ComposeNote {
  /** Empty: of the file as a whole. */
  readonly service: string;
  readonly message: string;
  readonly expected: string;
}

export interface ComposeDocument {
  /** `name:` of the file; empty: not given. */
  readonly project: string;
  readonly services: ReadonlyMap<string, Table>;
  readonly networks: Table;
  readonly notes: readonly ComposeNote[];
}

const MAX_SERVICES = 1_000;
/** A chain of `extends` is a handful long; more is a circle. */
const MAX_EXTENDS = 16;

/** True for what has `services:` at its top, as a compose file does and a dproxy.yml never. */
export function isComposeText(text: string): boolean {
  const document = readDocument(text);
  return document.isReadable && isTable(document.value) && isTable(document.value['services']);
}

/** @throws TypeError with a sentence for the user when it is no compose file */
export function readComposeDocument(text: string, variables: Variables): ComposeDocument {
  const document = readDocument(text);
  if (!document.isReadable) {
    const { line, column } = document.position;
    throw new TypeError(`${line}:${column}: ${document.message}; expected ${document.expected}`);
  }
  const notes: ComposeNote[] = document.flaws.map(({ message, expected }) => ({ service: '', message, expected }));
  const root = fillIn(document.value, { variables, notes, service: '' });
  if (!isTable(root) || !isTable(root['services'])) throw new TypeError('it has no `services:`, as compose files do');
  for (const key of ['include', 'extends'].filter((word) => root[word] !== undefined)) notes.push(elsewhere('', key));
  const names = Object.keys(root['services']);
  if (names.length > MAX_SERVICES) throw new TypeError(`it has ${names.length} services, more than ${MAX_SERVICES}`);
  const raw = root['services'];
  return {
    project: typeof root['name'] === 'string' ? root['name'] : '',
    services: new Map(names.map((name) => [name, serviceOf(name, raw, notes)])),
    networks: isTable(root['networks']) ? root['networks'] : {},
    notes,
  };
}

function serviceOf(name: string, services: Table, notes: ComposeNote[]): Table {
  let service = tableOr(services[name]);
  const base = service['extends'];
  for (let next = base, hops = 0; next !== undefined; hops += 1) {
    const { file, service: other } = typeof next === 'string' ? { file: undefined, service: next } : tableOr(next);
    const parent = typeof other === 'string' && file === undefined ? services[other] : undefined;
    if (!isTable(parent) || hops >= MAX_EXTENDS) {
      notes.push(elsewhere(name, 'extends'));
      break;
    }
    service = extend(parent, service);
    next = parent['extends'];
  }
  return service;
}

/** What the service says holds; maps and lists of both are put together. */
function extend(base: Table, own: Table): Table {
  const merged: Record<string, unknown> = Object.assign(bare(), base, own);
  for (const key of ['labels', 'environment', 'ports', 'expose', 'networks', 'env_file']) {
    const [below, above] = [base[key], own[key]];
    if (below === undefined || above === undefined) continue;
    if (isTable(below) && isTable(above)) merged[key] = Object.assign(bare(), below, above);
    else merged[key] = [...entriesOf(below), ...entriesOf(above)];
  }
  return merged;
}

/** A map as a list of `NAME=value`, so that maps and lists can be put together. */
function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (!isTable(value)) return [value];
  return Object.entries(value).map(([key, each]) => (isScalar(each) ? `${key}=${String(each)}` : key));
}

function elsewhere(service: string, word: string): ComposeNote {
  return {
    service,
    message: `\`${word}\` of other files is not followed`,
    expected: 'the output of `docker compose config`, which has everything in one file',
  };
}

interface Filling {
  readonly variables: Variables;
  readonly notes: ComposeNote[];
  readonly service: string;
}

/** Fills in variables, and what `<<` merges. */
function fillIn(value: unknown, filling: Filling, path: readonly string[] = []): unknown {
  if (typeof value === 'string') return fillText(value, filling);
  if (Array.isArray(value)) return value.map((item: unknown) => fillIn(item, filling, path));
  if (!isTable(value)) return value;
  const filled = bare();
  // YAML 1.1's merge key: what is said beside it holds.
  for (const base of [value['<<']].flat()) {
    for (const [key, item] of Object.entries(tableOr(base))) filled[key] ??= fillIn(item, filling, path);
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === '<<' || (path.length === 0 && key.startsWith('x-'))) continue;
    const service = path.length === 1 && path[0] === 'services' ? key : filling.service;
    filled[key] = fillIn(item, { ...filling, service }, [...path, key]);
  }
  return filled;
}

function fillText(raw: string, { variables, notes, service }: Filling): string {
  const { text, unset, problem } = interpolate(raw, variables);
  if (problem !== '')
    notes.push({ service, message: problem, expected: 'a value, as `docker compose config` shows it' });
  for (const name of unset) {
    const message = `the variable ${name} is not set: nothing stands in its place`;
    const isKnown = notes.some((note) => note.service === service && note.message === message);
    if (!isKnown) notes.push({ service, message, expected: `${name} in the environment or in .env beside the file` });
  }
  return text;
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function tableOr(value: unknown): Table {
  return isTable(value) ? value : {};
}

export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function bare(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
