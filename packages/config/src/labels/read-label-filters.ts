import type { BackendRef, Filter } from '@dproxy/core';
import { filterList } from '../schema/filters/filter-list.ts';
import { checkWords, prepare, type LabelRead } from './read-label-section.ts';
import { valueOfWords, type LabelFinding, type LabelWord, type WordsValue } from './value-of-words.ts';

let prepared: ReturnType<typeof prepareFilters> | undefined;

/**
 * `dproxy.filters.<n>.<type>.<option>`, in the order of n. Where dproxy.yml has addresses of other backends (`to` of errorPages
 * and mirror), labels have names of services, as `BackendRef.backendId`: a container must not make dproxy connect to an
 * address of its choice (threats: SSRF by label).
 */
export function readLabelFilters(words: readonly LabelWord[]): LabelRead<readonly Filter[]> {
  prepared ??= prepareFilters();
  const built = valueOfWords(prepared.node, words);
  if (built.findings.length > 0) return { findings: built.findings };
  const services = namedServices(built);
  if ('findings' in services) return services;
  const read = checkWords(prepared.schema, built, services.value);
  if ('findings' in read) return read;
  const findings: LabelFinding[] = [];
  const filters = read.value.flatMap((entry, index): Filter[] => {
    if ('use' in entry) {
      findings.push({ label: built.labelAt([index]), message: NO_LISTS, expected: 'the filters themselves' });
      return [];
    }
    const refs = services.refs.get(index);
    return [refs === undefined ? entry.filter : withRefs(entry.filter, refs)];
  });
  return findings.length > 0 ? { findings } : { value: filters };
}

const NO_LISTS = 'lists of filters by name are for dproxy.yml';
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/i;
/** Stands for a service while the schema looks at the rest. */
const STAND_IN = 'service.invalid';

function prepareFilters() {
  return prepare(filterList());
}

interface NamedServices {
  /** The list of filters with placeholders. */
  readonly value: unknown;
  /** By place in the list. */
  readonly refs: ReadonlyMap<number, readonly BackendRef[]>;
}

function namedServices(built: WordsValue): NamedServices | { readonly findings: readonly LabelFinding[] } {
  if (!Array.isArray(built.value)) return { value: built.value, refs: new Map() };
  const refs = new Map<number, readonly BackendRef[]>();
  const findings: LabelFinding[] = [];
  const list = built.value.map((entry: unknown, index) => {
    const found = toOf(entry);
    if (found === undefined) return entry;
    const names = found.names.map((name) => name.toLowerCase());
    const bad = names.find((name) => !NAME.test(name));
    if (bad !== undefined) {
      const message = `"${bad.slice(0, 80)}" is no service: backends by address are for dproxy.yml`;
      findings.push({ label: built.labelAt([index, found.type, 'to']), message, expected: 'the name of a service' });
    }
    refs.set(
      index,
      names.map((backendId) => ({ backendId, weight: 1 })),
    );
    return found.replaced;
  });
  return findings.length > 0 ? { findings } : { value: list, refs };
}

interface To {
  readonly type: 'errorPages' | 'mirror';
  readonly names: readonly string[];
  /** The entry with a stand-in. */
  readonly replaced: object;
}

function toOf(entry: unknown): To | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  for (const type of ['errorPages', 'mirror'] as const) {
    const options = (entry as Readonly<Record<string, unknown>>)[type];
    if (options === undefined) continue;
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      return { type, names: textsOf(options), replaced: { [type]: STAND_IN } };
    }
    const { to } = options as { readonly to?: unknown };
    if (to === undefined) return undefined;
    return { type, names: textsOf(to), replaced: { ...entry, [type]: { ...options, to: STAND_IN } } };
  }
  return undefined;
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map((each: unknown) => String(each));
}

function withRefs(filter: Filter, backends: readonly BackendRef[]): Filter {
  return filter.type === 'errorPages' || filter.type === 'mirror' ? { ...filter, backends } : filter;
}
