import { didYouMean } from '@dproxy/core';
import { formatPath, type Finding } from '../schema/explain-issue.ts';
import type { FilterDraft, FilterEntry } from '../schema/filters/filter-draft.ts';
import { MAX_FILTERS } from '../schema/filters/filter-list.ts';
import type { Path } from '../yaml/locations.ts';

/** Lists may use lists, so deep: a chain of thousands would be a stack of as many calls. */
const MAX_NESTING = 16;

/** A list without `use`, or why it cannot be had. */
type Expanded = { readonly value: readonly FilterDraft[] } | { readonly findings: readonly Finding[] };

/**
 * `filters` at the top of the file: lists by name, which routes and other lists use. A list that is refused stays known, and
 * whatever uses it is refused, too: a route must not be served without the filters that protect it.
 */
export class FilterLists {
  /** undefined: refused already. */
  readonly #written: ReadonlyMap<string, readonly FilterEntry[] | undefined>;
  /** `open`: being expanded right now, so that who meets it uses itself. */
  readonly #expanded = new Map<string, Expanded | 'open'>();

  constructor(written: ReadonlyMap<string, readonly FilterEntry[] | undefined>) {
    this.#written = written;
  }

  /** What is wrong with a list by what it uses. */
  findingsOf(name: string): readonly Finding[] {
    const expanded = this.#expandList(name, 0);
    return expanded !== 'open' && 'findings' in expanded ? expanded.findings : [];
  }

  /** @param path where the entries stand in the document */
  expand(entries: readonly FilterEntry[], path: Path): Expanded {
    return this.#expand(entries, path, 0);
  }

  #expandList(name: string, depth: number): Expanded | 'open' {
    const known = this.#expanded.get(name);
    if (known !== undefined) return known;
    this.#expanded.set(name, 'open');
    const entries = this.#written.get(name);
    const expanded = entries === undefined ? { findings: [] } : this.#expand(entries, ['filters', name], depth);
    this.#expanded.set(name, expanded);
    return expanded;
  }

  #expand(entries: readonly FilterEntry[], path: Path, depth: number): Expanded {
    const drafts: FilterDraft[] = [];
    const findings: Finding[] = [];
    for (const [index, entry] of entries.entries()) {
      if (!('use' in entry)) {
        drafts.push(entry);
        continue;
      }
      const used = this.#use(entry.use, [...path, index, 'use'], depth);
      if ('findings' in used) findings.push(...used.findings);
      else drafts.push(...used.value);
      // Lists of lists grow by powers.
      if (drafts.length > MAX_FILTERS) break;
    }
    if (drafts.length > MAX_FILTERS) {
      findings.push(finding(path, 'the lists that it uses have too many filters', `at most ${MAX_FILTERS} together`));
    }
    return findings.length > 0 ? { findings } : { value: drafts };
  }

  #use(name: string, path: Path, depth: number): Expanded {
    if (!this.#written.has(name)) return { findings: [this.#unknown(name, path)] };
    if (depth === MAX_NESTING) {
      return { findings: [finding(path, 'a list in a list, and so on', `at most ${MAX_NESTING} levels`)] };
    }
    const list = this.#expandList(name, depth + 1);
    if (list === 'open') {
      return { findings: [finding(path, `the list "${name}" uses itself this way`, 'another list')] };
    }
    if ('value' in list) return list;
    return { findings: [finding(path, `the list "${name}" is refused`, 'a list without errors')] };
  }

  #unknown(name: string, path: Path): Finding {
    const known = [...this.#written.keys()];
    const meant = didYouMean(name, known);
    const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
    const defined = known.length === 0 ? 'a name under filters: at the top' : known.join(', ');
    return finding(path, `found "${name}", which is not defined`, `${hint}Defined are: ${defined}`);
  }
}

function finding(path: Path, message: string, expected: string): Finding {
  return { path, isKey: false, message: `${formatPath(path)}: ${message}`, expected };
}
