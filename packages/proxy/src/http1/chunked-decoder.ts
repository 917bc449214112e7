import { type ErrorCode, ProxyError } from '@dproxy/core';
import type { BodyDecoder, BodySink, DecoderOptions } from './body.ts';
import { CR, HEX_DIGIT, LF, SEMICOLON } from './bytes.ts';
import { ChunkExtension } from './chunk-extension.ts';
import { CHUNK_END, LAST_CHUNK } from './chunk-writer.ts';
import { TrailerSection } from './trailer-section.ts';

/**
 *     size --CR--> size-lf --LF--> data --all read--> data-cr --CR--> data-lf --LF--> size
 *       \--;--> extension --CR--^     \--size was 0--> trailers --empty line--> done
 */
type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done';

/** More digits than any chunk needs; eight keep the size far from where numbers overflow (threat: chunk-size overflow). */
const MAX_SIZE_DIGITS = 8;
const LAST_CHUNK_BYTES = Buffer.from(LAST_CHUNK, 'latin1');
/** Up to here pieces are given on as they are; more are joined first. */
const FEW_PIECES = 8;

/**
 * The chunked transfer coding (RFC 9112 section 7.1), as strict as its grammar: CRLF only, one to eight hexadecimal
 * digits, extensions checked, capped and dropped (CVE-2024-22019), trailers checked and dropped.
 *
 * With `output: 'wire'` the bytes of the input go through as they are while they are canonical, in runs that may span many
 * chunks; only what is not canonical (extension, leading zero, size line cut by a buffer's end, trailers) is written anew.
 * `chunked-decoder.prop.test.ts` holds that the result is always canonical.
 *
 * What one `push` gives on is few pieces, however it was chunked: `01 CR LF x CR LF` again and again made a system call and a
 * packet of every three bytes, a hundred times the work of its sender (tests/security/request-costs.test.ts).
 */
export class ChunkedDecoder implements BodyDecoder {
  readonly #isWire: boolean;
  readonly #from: 'downstream' | 'upstream';
  readonly #extension: ChunkExtension;
  readonly #trailers: TrailerSection;
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  /** Data of the current chunk that is still to come. */
  #remaining = 0;
  /** The current size line can be passed as it stands. */
  #isCanonical = true;
  /** Where the current size line began in this buffer. */
  #lineStart = 0;
  /** Where the run of bytes that can be passed began; -1 when there is none. */
  #runStart = -1;
  /** Of this push, before the run. */
  #pieces: Buffer[] = [];

  constructor(options: DecoderOptions) {
    this.#isWire = options.output === 'wire';
    this.#from = options.from;
    this.#extension = new ChunkExtension(options.limits);
    this.#trailers = new TrailerSection(options.limits);
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  push(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    this.#runStart = -1;
    // A size line that began in an earlier buffer has to be written anew.
    if (this.#digits > 0) this.#isCanonical = false;
    this.#lineStart = start;
    let at = start;
    while (at < end && this.#state !== 'done') at = this.#step(bytes, at, end, sink);
    const isInsideSizeLine = this.#state === 'size' || this.#state === 'extension' || this.#state === 'size-lf';
    this.#giveOn(bytes, isInsideSizeLine ? this.#lineStart : at, sink);
    return at;
  }

  finish(): boolean {
    return this.#state === 'done';
  }

  #step(bytes: Buffer, at: number, end: number, sink: BodySink): number {
    switch (this.#state) {
      case 'size':
        return this.#readSize(bytes, at, end);
      case 'extension':
        return this.#readExtension(bytes, at, end);
      case 'size-lf':
        return this.#endSizeLine(bytes, at);
      case 'data':
        return this.#readData(bytes, at, end, sink);
      case 'data-cr':
        if (bytes[at] !== CR) throw this.#error('chunk-malformed', 'data is longer than its size says');
        this.#state = 'data-lf';
        return this.#keep(at, at + 1);
      case 'data-lf':
        if (bytes[at] !== LF) throw this.#error('chunk-malformed', 'a CR without LF after data');
        this.#beginSizeLine(at + 1);
        return this.#keep(at, at + 1);
      case 'trailers':
        return this.#readTrailers(bytes, at, end);
      case 'done':
        return at;
      default:
        return this.#state satisfies never;
    }
  }

  #beginSizeLine(lineStart: number): void {
    this.#state = 'size';
    this.#size = 0;
    this.#digits = 0;
    this.#isCanonical = true;
    this.#lineStart = lineStart;
  }

  #readSize(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      const digit = HEX_DIGIT[byte] as number;
      if (digit > 15) {
        if (this.#digits === 0) throw this.#error('chunk-malformed', 'a chunk without a size');
        if (byte === CR) this.#state = 'size-lf';
        else if (byte === SEMICOLON) this.#beginExtension();
        else throw this.#error('chunk-malformed', 'a size that is not a hexadecimal number');
        return at + 1;
      }
      if (this.#digits === 1 && this.#size === 0) this.#isCanonical = false;
      if (++this.#digits > MAX_SIZE_DIGITS) throw this.#error('chunk-malformed', 'a size of more than 8 digits');
      this.#size = this.#size * 16 + digit;
    }
    return end;
  }

  #beginExtension(): void {
    this.#state = 'extension';
    this.#isCanonical = false;
    this.#extension.begin();
  }

  #readExtension(bytes: Buffer, start: number, end: number): number {
    const at = this.#extension.read(bytes, start, end);
    if (this.#extension.fault !== '') throw this.#error('chunk-malformed', this.#extension.fault);
    if (at === end) return end;
    this.#state = 'size-lf';
    return at + 1;
  }

  #endSizeLine(bytes: Buffer, at: number): number {
    if (bytes[at] !== LF) throw this.#error('chunk-malformed', 'a CR without LF after a size');
    this.#remaining = this.#size;
    this.#state = this.#size === 0 ? 'trailers' : 'data';
    if (this.#size === 0) {
      this.#endRun(bytes, this.#lineStart);
    } else if (this.#isCanonical) {
      this.#keep(this.#lineStart, at + 1);
    } else if (this.#isWire) {
      this.#endRun(bytes, this.#lineStart);
      this.#pieces.push(Buffer.from(this.#size.toString(16) + CHUNK_END, 'latin1'));
    }
    return at + 1;
  }

  #readData(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const dataEnd = end - start > this.#remaining ? start + this.#remaining : end;
    this.#remaining -= dataEnd - start;
    if (this.#remaining === 0) this.#state = 'data-cr';
    if (this.#isWire) return this.#keep(start, dataEnd);
    sink.onBody(bytes, start, dataEnd);
    return dataEnd;
  }

  #readTrailers(bytes: Buffer, start: number, end: number): number {
    const at = this.#trailers.read(bytes, start, end);
    if (this.#trailers.fault !== '') throw this.#error('trailer-malformed', this.#trailers.fault);
    if (!this.#trailers.isDone) return end;
    this.#state = 'done';
    if (this.#isWire) this.#pieces.push(LAST_CHUNK_BYTES);
    return at;
  }

  /** Makes `start` to `end` part of the run that is passed on. */
  #keep(start: number, end: number): number {
    if (this.#isWire && this.#runStart < 0) this.#runStart = start;
    return end;
  }

  #endRun(bytes: Buffer, end: number): void {
    if (this.#runStart >= 0 && end > this.#runStart) this.#pieces.push(bytes.subarray(this.#runStart, end));
    this.#runStart = -1;
  }

  #giveOn(bytes: Buffer, end: number, sink: BodySink): void {
    if (this.#pieces.length === 0) {
      if (this.#runStart >= 0 && end > this.#runStart) sink.onBody(bytes, this.#runStart, end);
      return;
    }
    this.#endRun(bytes, end);
    const pieces = this.#pieces;
    this.#pieces = [];
    const joined = pieces.length <= FEW_PIECES ? pieces : [Buffer.concat(pieces)];
    for (const piece of joined) sink.onBody(piece, 0, piece.length);
  }

  #error(code: ErrorCode, found: string): ProxyError {
    return new ProxyError(this.#from === 'upstream' ? 'upstream-malformed' : code, `found ${found}`);
  }
}
