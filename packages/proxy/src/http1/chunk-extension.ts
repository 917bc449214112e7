import type { Limits } from '@dproxy/core';
import { CR, HTAB, NAME_CLASS, SEMICOLON, SP, VALUE_CLASS } from './bytes.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const EQUALS = 0x3d;

/**
 * Reads the extensions of chunks, to find their end: they mean nothing to anybody, but have carried smuggled line ends
 * and megabytes (CVE-2024-22019). Bytes are checked as RFC 9112 section 7.1.1 has them, and both caps hold.
 */
export class ChunkExtension {
  fault = '';
  readonly #maxBytes: number;
  readonly #maxTotalBytes: number;
  #bytes = 0;
  #totalBytes = 0;
  #place: 'outside' | 'quoted' | 'escaped' = 'outside';

  constructor(limits: Limits) {
    this.#maxBytes = limits.chunkExtensionBytes;
    this.#maxTotalBytes = limits.chunkExtensionTotalBytes;
  }

  /** The `;` of a new chunk was read. */
  begin(): void {
    this.#bytes = 1;
    this.#totalBytes++;
    this.#place = 'outside';
  }

  /** @returns the offset of the CR that ends the extension, else `end` */
  read(bytes: Buffer, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === CR && this.#place === 'outside') return at;
      this.#take(byte);
      if (this.fault !== '') return at;
    }
    return end;
  }

  #take(byte: number): void {
    this.#bytes++;
    this.#totalBytes++;
    if (this.#bytes > this.#maxBytes) this.fault = `an extension of more than ${this.#maxBytes} bytes`;
    else if (this.#totalBytes > this.#maxTotalBytes)
      this.fault = `more than ${this.#maxTotalBytes} bytes of extensions`;
    else if (VALUE_CLASS[byte] !== 1) this.fault = 'a control character or an open quote in an extension';
    else if (this.#place === 'escaped') this.#place = 'quoted';
    else if (this.#place === 'quoted') {
      if (byte === QUOTE) this.#place = 'outside';
      else if (byte === BACKSLASH) this.#place = 'escaped';
    } else if (byte === QUOTE) this.#place = 'quoted';
    else if (!isOutside(byte)) this.fault = 'a character that no extension has';
  }
}

function isOutside(byte: number): boolean {
  return NAME_CLASS[byte] !== 0 || byte === SEMICOLON || byte === EQUALS || byte === SP || byte === HTAB;
}
