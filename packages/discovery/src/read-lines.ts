import type { Readable } from 'node:stream';

export interface Line {
  /** Empty when it is longer than the limit. */
  readonly line: string;
  readonly bytes: number;
}

/** The lines of a stream to its end. Of one beyond the limit nothing is kept, only counted until it ends. */
export async function* readLines(stream: Readable, maxBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      bytes += end - start;
      const line = bytes > maxBytes ? '' : Buffer.concat([...parts, chunk.subarray(start, end)]).toString();
      yield { line, bytes };
      parts = [];
      bytes = 0;
      start = end + 1;
    }
    bytes += chunk.length - start;
    if (bytes > maxBytes) parts = [];
    else parts.push(chunk.subarray(start));
  }
}
