import { type Limits, ProxyError } from '@dproxy/core';
import { CR, latin1, LF, SP } from './bytes.ts';

/** Longest method that is taken; the longest registered one is UPDATEREDIRECTREF. */
const MAX_METHOD_BYTES = 24;
const VERSION = /^HTTP\/([0-9])\.([0-9])$/;
const VERSION_BYTES = 8;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;

/** A cursor over a request line, reused like `FieldLine`. Offsets are those of the buffer that was read. */
export class RequestLine {
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  minorVersion: 0 | 1 = 1;
  nextLine = 0;

  /**
   * `METHOD SP target SP HTTP/1.x CR LF`, single spaces, nothing else (RFC 9112 section 3 allows leniency; leniency is
   * where two servers disagree). The target's characters are checked by `parseTarget`.
   *
   * @returns false when the line is not complete
   * @throws ProxyError `request-line-malformed`, `target-too-long`, `version-unsupported`
   */
  read(bytes: Buffer, start: number, end: number, limits: Limits): boolean {
    const methodEnd = endOfMethod(bytes, start, end);
    if (methodEnd === end) return false;
    if (bytes[methodEnd] !== SP || methodEnd === start) throw malformed('a method in capitals and one space');
    const targetStart = methodEnd + 1;
    let at = targetStart;
    while (at < end && (bytes[at] as number) > SP) at++;
    if (at - targetStart > limits.targetBytes) throw new ProxyError('target-too-long', `${at - targetStart} bytes`);
    if (at === end) return false;
    if (bytes[at] !== SP || at === targetStart) throw malformed('a target and one space');
    if (at + 1 + VERSION_BYTES + 2 > end) return false;
    this.methodEnd = methodEnd;
    this.targetStart = targetStart;
    this.targetEnd = at;
    this.minorVersion = minorVersion(bytes, at + 1);
    this.nextLine = at + 1 + VERSION_BYTES + 2;
    return true;
  }
}

/**
 * Capitals, `-` and `_`: every registered method. A `get` in small letters is another method for us and the same one for some
 * backends, which would then disagree about the body.
 */
function endOfMethod(bytes: Buffer, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_METHOD_BYTES + 1);
  let at = start;
  while (at < limit) {
    const byte = bytes[at] as number;
    if ((byte < UPPER_A || byte > UPPER_Z) && (at === start || (byte !== DASH && byte !== UNDERSCORE))) return at;
    at++;
  }
  if (at - start > MAX_METHOD_BYTES) throw malformed('a shorter method');
  return at;
}

const SLASH_ONE_DOT = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e] as const;

function minorVersion(bytes: Buffer, start: number): 0 | 1 {
  let at = 0;
  while (at < SLASH_ONE_DOT.length && bytes[start + at] === SLASH_ONE_DOT[at]) at++;
  const isLineEnd = bytes[start + VERSION_BYTES] === CR && bytes[start + VERSION_BYTES + 1] === LF;
  const last = bytes[start + VERSION_BYTES - 1];
  if (at === SLASH_ONE_DOT.length && isLineEnd && (last === 0x30 || last === 0x31)) return last === 0x31 ? 1 : 0;
  const text = latin1(bytes, start, start + VERSION_BYTES);
  if (isLineEnd && VERSION.test(text)) throw new ProxyError('version-unsupported', text);
  throw malformed('HTTP/1.1 and CRLF');
}

function malformed(expected: string): ProxyError {
  return new ProxyError('request-line-malformed', `expected ${expected}`);
}
