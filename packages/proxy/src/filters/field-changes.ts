import type { HeaderChange } from '@dproxy/core';
import { type CompiledHeaderRules, headerLine, headerRules, isCodecOwned, plainFieldName } from '../http1/index.ts';

/** A change with its line ready to be written. */
export interface FieldChange {
  readonly operation: HeaderChange['operation'];
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  /** Ended by CRLF; empty for `remove`. */
  readonly line: string;
}

/**
 * @returns undefined for a field that only the codec may touch: two opinions about framing are request smuggling
 * @throws RangeError for a name or a value that no header can have
 */
export function fieldChange(
  operation: HeaderChange['operation'],
  name: string,
  value: string,
): FieldChange | undefined {
  const lower = name.toLowerCase();
  const line = headerLine(lower, operation === 'remove' ? '' : value);
  if (isCodecOwned(plainFieldName(lower))) return undefined;
  return { operation, name: lower, value, line: operation === 'remove' ? '' : line };
}

interface Changed {
  /** What the message says of it goes. */
  readonly isTaken: boolean;
  readonly lines: string;
}

const NO_CHANGE: Changed = { isTaken: false, lines: '' };

/** What filters change in the header of one message; the later change of a field wins. */
export class FieldChanges {
  readonly #fields = new Map<string, Changed>();
  #host = '';

  apply(change: FieldChange): void {
    const { operation, name, line } = change;
    // The writer puts Host first, once; a request cannot go without it.
    if (name === 'host') {
      if (operation !== 'remove') this.#host = change.value;
      return;
    }
    switch (operation) {
      case 'set':
        this.#fields.set(name, { isTaken: true, lines: line });
        return;
      case 'remove':
        this.#fields.set(name, { isTaken: true, lines: '' });
        return;
      case 'add': {
        const { isTaken, lines } = this.#fields.get(name) ?? NO_CHANGE;
        this.#fields.set(name, { isTaken, lines: lines + line });
        return;
      }
      default:
        operation satisfies never;
    }
  }

  /** @throws RangeError for what no header can have */
  change(operation: HeaderChange['operation'], name: string, value: string): void {
    const change = fieldChange(operation, name, value);
    if (change !== undefined) this.apply(change);
  }

  /** Of the message's own lines of a field only these stay. @param lines each ended by CRLF */
  keepOnly(name: string, lines: string): void {
    const { isTaken, lines: added } = this.#fields.get(name) ?? NO_CHANGE;
    if (!isTaken) this.#fields.set(name, { isTaken: true, lines: lines + added });
  }

  copy(): FieldChanges {
    const copy = new FieldChanges();
    copy.#host = this.#host;
    for (const [name, changed] of this.#fields) copy.#fields.set(name, changed);
    return copy;
  }

  /** The lines that were added, and not taken again. */
  get added(): string {
    let added = '';
    for (const { lines } of this.#fields.values()) added += lines;
    return added;
  }

  /** These changes, and then those of the route's own rules, which have the last word. */
  under(rules: CompiledHeaderRules | undefined): CompiledHeaderRules | undefined {
    if (this.#fields.size === 0 && this.#host === '') return rules;
    const taken = rules === undefined ? [] : [...rules.taken];
    let added = '';
    for (const [name, { isTaken, lines }] of this.#fields) {
      if (rules?.taken.has(name) !== true) added += lines;
      if (isTaken) taken.push(name);
    }
    const host = rules === undefined || rules.host === '' ? this.#host : rules.host;
    return headerRules(taken, rules === undefined ? added : added + rules.added, host);
  }
}
