import { latin1 } from './bytes.ts';
import { type FieldKind, fieldKind, isLookalike } from './field-kind.ts';
import { FieldLine } from './field-line.ts';

/** What the fields of a message do with a line that means something to the codec. */
export interface FieldTaker {
  /**
   * @param value shares memory with the whole head: not to be kept beyond the message
   * @param valueStart its offset in the buffer
   * @returns whether the line is left out of what goes on
   */
  take(kind: FieldKind, value: string, valueStart: number): boolean;
}

export type SectionState = 'complete' | 'incomplete' | 'malformed' | 'ambiguous' | 'too-many';

/**
 * A header section in two steps. `read` checks every byte and notes the few lines that mean something to the codec;
 * `passed` then cuts the rest out of the text as runs of consecutive untouched lines, not line by line: most heads are
 * one or two runs. Reused for every message, as it holds nothing between two of them.
 */
export class HeaderSection {
  /** Offset behind the empty line, once `read` said `complete`. */
  end = 0;
  /** For the log, when `read` said `malformed` or `ambiguous`. */
  fault = '';
  #start = 0;
  #noted = 0;
  readonly #line = new FieldLine();
  readonly #kinds: FieldKind[] = [];
  readonly #lineStarts: number[] = [];
  readonly #valueStarts: number[] = [];
  readonly #valueEnds: number[] = [];
  readonly #lineEnds: number[] = [];

  /** @param refusesLookalikes names such as `Transfer_Encoding` make the section `ambiguous` */
  read(bytes: Buffer, start: number, end: number, maxLines: number, refusesLookalikes: boolean): SectionState {
    const line = this.#line;
    this.#start = start;
    this.#noted = 0;
    let at = start;
    for (let count = 0; ; count++) {
      const state = line.read(bytes, at, end);
      if (state !== 'field') return this.#finish(state);
      if (count === maxLines) return 'too-many';
      if (line.isOddName && refusesLookalikes && this.#isLookalike(bytes)) return 'ambiguous';
      const kind = fieldKind(bytes, line.nameStart, line.nameEnd);
      if (kind !== 'plain') this.#note(kind, at);
      at = line.nextLine;
    }
  }

  /** @param text the head as latin1, of which `text[0]` was `bytes[base]` */
  passed(text: string, base: number, fields: FieldTaker): string {
    let passed = '';
    let runStart = this.#start;
    for (let index = 0; index < this.#noted; index++) {
      const valueStart = this.#valueStarts[index] as number;
      const value = text.slice(valueStart - base, (this.#valueEnds[index] as number) - base);
      if (!fields.take(this.#kinds[index] as FieldKind, value, valueStart)) continue;
      const lineStart = this.#lineStarts[index] as number;
      if (runStart < lineStart) passed += text.slice(runStart - base, lineStart - base);
      runStart = this.#lineEnds[index] as number;
    }
    const sectionEnd = this.end - 2;
    return runStart < sectionEnd ? passed + text.slice(runStart - base, sectionEnd - base) : passed;
  }

  #finish(state: 'end' | 'incomplete' | 'malformed'): SectionState {
    this.end = this.#line.nextLine;
    this.fault = this.#line.fault;
    return state === 'end' ? 'complete' : state;
  }

  #note(kind: FieldKind, lineStart: number): void {
    const index = this.#noted++;
    this.#kinds[index] = kind;
    this.#lineStarts[index] = lineStart;
    this.#valueStarts[index] = this.#line.valueStart;
    this.#valueEnds[index] = this.#line.valueEnd;
    this.#lineEnds[index] = this.#line.nextLine;
  }

  #isLookalike(bytes: Buffer): boolean {
    const name = latin1(bytes, this.#line.nameStart, this.#line.nameEnd);
    this.fault = `found ${JSON.stringify(name.slice(0, 64))}`;
    return isLookalike(name);
  }
}

/** RFC 9110 section 5.3: several lines of one list field are one list. */
export function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`;
}
