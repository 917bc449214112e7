import { ProxyError } from '@dproxy/core';
import { CR, latin1, LF, SP, VALUE_CLASS } from './bytes.ts';

const VERSION = 'HTTP/1.';
const ZERO = 0x30;
/** Of `HTTP/1.1 200`: everything before the reason has its fixed place. */
const MINOR_AT = 7;
const STATUS_AT = 9;
const STATUS_END = 12;

/** A cursor over a status line, reused like `FieldLine`. Offsets are those of the buffer that was read. */
export class StatusLine {
  status = 0;
  minorVersion: 0 | 1 = 1;
  reasonStart = 0;
  reasonEnd = 0;
  nextLine = 0;

  /**
   * `HTTP/1.x SP three digits SP reason CR LF` (RFC 9112 section 4). Some servers leave out the last space when there is
   * no reason, which misleads nobody. Status codes from 100 to 599 (RFC 9110 section 15).
   *
   * @returns false when the line is not complete
   * @throws ProxyError `upstream-malformed`, as soon as the first bytes cannot be those of HTTP/1
   */
  read(bytes: Buffer, start: number, end: number): boolean {
    const known = Math.min(end - start, VERSION.length);
    for (let at = 0; at < known; at++) {
      if (bytes[start + at] !== VERSION.charCodeAt(at)) throw malformed(bytes, start, end);
    }
    let at = start + known;
    while (at < end && VALUE_CLASS[bytes[at] as number] === 1) at++;
    if (at === end || (bytes[at] === CR && at + 1 === end)) return false;
    if (bytes[at] !== CR || bytes[at + 1] !== LF || !this.#codes(bytes, start, at)) throw malformed(bytes, start, at);
    this.reasonStart = Math.min(start + STATUS_END + 1, at);
    this.reasonEnd = at;
    this.nextLine = at + 2;
    return true;
  }

  #codes(bytes: Buffer, start: number, lineEnd: number): boolean {
    if (lineEnd - start < STATUS_END || bytes[start + MINOR_AT + 1] !== SP) return false;
    if (lineEnd - start > STATUS_END && bytes[start + STATUS_END] !== SP) return false;
    const minor = digit(bytes, start + MINOR_AT);
    const hundreds = digit(bytes, start + STATUS_AT);
    const tens = digit(bytes, start + STATUS_AT + 1);
    const ones = digit(bytes, start + STATUS_AT + 2);
    if (minor > 1 || hundreds < 1 || hundreds > 5 || tens > 9 || ones > 9) return false;
    this.minorVersion = minor === 1 ? 1 : 0;
    this.status = hundreds * 100 + tens * 10 + ones;
    return true;
  }
}

/** 0 to 9, or more for what is no digit. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] as number) - ZERO;
  return value < 0 ? 255 : value;
}

function malformed(bytes: Buffer, start: number, end: number): ProxyError {
  const found = JSON.stringify(latin1(bytes, start, Math.min(end, start + 64)));
  return new ProxyError('upstream-malformed', `found ${found}, expected a status line of HTTP/1.1`);
}
