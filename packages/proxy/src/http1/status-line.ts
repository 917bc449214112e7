import { ProxyError } from '@dproxy/core';
import { CR, latin1, LF, VALUE_CLASS } from './bytes.ts';

/** `HTTP/1.1 200 OK`; some servers leave out the last space when there is no reason, which misleads nobody. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: ([^]*))?$/;
const VERSION = 'HTTP/1.';

/** A cursor over a status line, reused like `FieldLine`. */
export class StatusLine {
  status = 0;
  reason = '';
  minorVersion: 0 | 1 = 1;
  nextLine = 0;

  /**
   * @returns false when the line is not complete
   * @throws ProxyError `upstream-malformed`, as soon as the first bytes cannot be those of HTTP/1
   */
  read(bytes: Buffer, start: number, end: number): boolean {
    const known = Math.min(end - start, VERSION.length);
    for (let at = 0; at < known; at++) {
      if (bytes[start + at] !== VERSION.charCodeAt(at)) throw malformed(bytes, start, end);
    }
    let at = start;
    while (at < end && VALUE_CLASS[bytes[at] as number] === 1) at++;
    if (at === end || (bytes[at] === CR && at + 1 === end)) return false;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) throw malformed(bytes, start, at);
    const match = STATUS_LINE.exec(latin1(bytes, start, at));
    if (match === null) throw malformed(bytes, start, at);
    this.minorVersion = match[1] === '1' ? 1 : 0;
    this.status = Number(match[2]);
    this.reason = match[3] ?? '';
    this.nextLine = at + 2;
    return true;
  }
}

function malformed(bytes: Buffer, start: number, end: number): ProxyError {
  const found = JSON.stringify(latin1(bytes, start, Math.min(end, start + 64)));
  return new ProxyError('upstream-malformed', `found ${found}, expected a status line of HTTP/1.1`);
}
