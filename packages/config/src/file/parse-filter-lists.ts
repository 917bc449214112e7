import { describeValue, unknownKey, type Finding } from '../schema/explain-issue.ts';
import type { FilterEntry } from '../schema/filters/filter-draft.ts';
import { filterList, isListName } from '../schema/filters/filter-list.ts';
import { FilterLists } from './filter-lists.ts';
import type { Reading } from './reading.ts';

/** `filters` at the top, each list alone. */
export function parseFilterLists(section: unknown, reading: Reading): FilterLists {
  const written = new Map<string, readonly FilterEntry[] | undefined>();
  if (typeof section !== 'object' || section === null || Array.isArray(section)) {
    const message = `filters: found ${describeValue(section)}`;
    const expected = 'a map of names to lists of filters';
    reading.refuse({ section: 'filters' }, [{ path: ['filters'], isKey: false, message, expected }]);
    return new FilterLists(written);
  }
  for (const [name, raw] of Object.entries(section)) {
    const path = ['filters', name];
    const result = isListName(name) ? reading.validate(filterList(), raw, path) : { findings: [badName(path)] };
    written.set(name, 'value' in result ? result.value : undefined);
    if ('findings' in result) reading.refuse({ section: 'filters', name }, result.findings);
  }
  const lists = new FilterLists(written);
  for (const name of written.keys()) {
    const findings = lists.findingsOf(name);
    if (findings.length > 0) reading.refuse({ section: 'filters', name }, findings);
  }
  return lists;
}

function badName(path: readonly string[]): Finding {
  return { ...unknownKey(path, []), expected: 'a name of letters, digits, "-", "_" and ".", at most 64' };
}
