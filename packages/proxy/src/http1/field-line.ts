import { COLON, CR, HTAB, LF, NAME_CLASS, SP, VALUE_CLASS } from './bytes.ts';

export type LineKind = 'incomplete' | 'field' | 'end' | 'malformed';

/**
 * A cursor over the lines of a header or trailer section. It is reused for every line of every message, so that a line
 * costs no allocation; offsets are those of the buffer that was read.
 *
 *     Accept:   text/html  CR LF
 *     ^      ^  ^        ^      ^
 *     |      |  |        |      nextLine
 *     |      |  |        valueEnd (trailing whitespace is cut)
 *     |      |  valueStart
 *     |      nameEnd
 *     nameStart
 */
export class FieldLine {
  nameStart = 0;
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  nextLine = 0;
  /** The name has a token character other than letters, digits and `-`: some backends read it as another name. */
  isOddName = false;
  /** Why the line is malformed, for the log. */
  fault = '';

  /**
   * Reads the line at `pos`. Strict where servers disagree: CRLF only (CVE-2025-23167), no space before the colon, no
   * folding (RFC 9112 sections 2.2, 5.1, 5.2; CVE-2024-27982).
   */
  read(bytes: Uint8Array, pos: number, end: number): LineKind {
    let at = pos;
    let seen = 0;
    while (at < end) {
      const nameClass = NAME_CLASS[bytes[at] as number] as number;
      if (nameClass === 0) break;
      seen |= nameClass;
      at++;
    }
    if (at === end) return 'incomplete';
    if (bytes[at] !== COLON || at === pos) return this.#endOfSection(bytes, pos, at, end);
    this.nameStart = pos;
    this.nameEnd = at;
    this.isOddName = seen > 1;
    return this.#value(bytes, at + 1, end);
  }

  #value(bytes: Uint8Array, pos: number, end: number): LineKind {
    let at = pos;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    this.valueStart = at;
    while (at < end && VALUE_CLASS[bytes[at] as number] === 1) at++;
    if (at === end) return 'incomplete';
    if (bytes[at] !== CR) return this.#malformed('a control character in a value', bytes[at]);
    if (at + 1 === end) return 'incomplete';
    if (bytes[at + 1] !== LF) return this.#malformed('a CR without LF', bytes[at + 1]);
    this.nextLine = at + 2;
    while (at > this.valueStart && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
    this.valueEnd = at;
    return 'field';
  }

  #endOfSection(bytes: Uint8Array, pos: number, at: number, end: number): LineKind {
    if (at !== pos || bytes[at] !== CR) return this.#malformed('a character that no field name has', bytes[at]);
    if (pos + 1 === end) return 'incomplete';
    if (bytes[pos + 1] !== LF) return this.#malformed('a CR without LF', bytes[pos + 1]);
    this.nextLine = pos + 2;
    return 'end';
  }

  #malformed(what: string, byte: number | undefined): LineKind {
    this.fault = `found ${what} (byte 0x${(byte ?? 0).toString(16).padStart(2, '0')})`;
    return 'malformed';
  }
}
