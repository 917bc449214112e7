import { type ErrorSource, ProxyError } from '@dproxy/core';
import { expect } from 'vitest';
import { HeadProgress } from '../head-progress.ts';

/** Reads the head that begins at offset 1 of `bytes`; undefined when it is not complete. */
export type ReadHead<T> = (bytes: Buffer, progress: HeadProgress) => T | undefined;

/** What came of a head: the code with which it was refused, `incomplete` or `accepted`. */
export function codeOf(run: () => unknown): string {
  try {
    return run() === undefined ? 'incomplete' : 'accepted';
  } catch (error) {
    if (error instanceof ProxyError) return error.code;
    throw error;
  }
}

/** What a parser makes of texts, however they arrive. @param source of the errors that it may throw */
export class Splitting<T> {
  readonly #read: ReadHead<T>;
  readonly #source: ErrorSource;

  constructor(read: ReadHead<T>, source: ErrorSource) {
    this.#read = read;
    this.#source = source;
  }

  /** Feeds the text up to each of `ends` in turn, each time in a fresh buffer, as a connection does that moves its bytes. */
  outcome(text: string, ends: readonly number[]): T | 'incomplete' | 'refused' {
    const progress = new HeadProgress();
    try {
      for (const end of ends) {
        const head = this.#read(Buffer.from(`#${text.slice(0, end)}`, 'latin1'), progress);
        if (head !== undefined) return head;
      }
      return 'incomplete';
    } catch (error) {
      if (error instanceof ProxyError && error.source === this.#source) return 'refused';
      throw error;
    }
  }

  expectSame(text: string, ends: readonly number[]): void {
    const whole = this.outcome(text, [text.length]);
    const split = this.outcome(text, ends);
    // A head that is cut off can be known to be wrong at once or only with its end.
    if (whole === 'refused' && split === 'incomplete') expect(text).not.toMatch(/[^\r\n]\r\n\r\n/);
    else expect(split).toEqual(whole);
  }

  expectSameByteByByte(texts: Iterable<{ readonly text: string }>): void {
    for (const { text } of texts) {
      this.expectSame(
        text,
        Array.from(text, (_, index) => index + 1),
      );
    }
  }
}
