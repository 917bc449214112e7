import { DEFAULT_LIMITS, ProxyError } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBodyDecoder } from './body-decoder.ts';
import type { DecoderOutput } from './body.ts';
import { CHUNK_END, chunkHeader, LAST_CHUNK } from './chunk-writer.ts';
import { cuts, edited, edits, places } from './corpus/arbitraries.ts';
import { CHUNK_CORPUS } from './corpus/chunk-corpus.ts';

interface Decoded {
  readonly output: string;
  /** How many bytes of the input belong to the body. */
  readonly used: number;
}

/** Feeds `text` in pieces that end at `ends`. */
function decode(text: string, ends: readonly number[], output: DecoderOutput): Decoded | 'incomplete' | 'refused' {
  const decoder = createBodyDecoder({
    framing: 'chunked',
    contentLength: 0,
    output,
    from: 'downstream',
    limits: DEFAULT_LIMITS,
  });
  let decoded = '';
  const sink = {
    onBody(bytes: Buffer, from: number, to: number) {
      // An empty piece written as a chunk would end the body.
      expect(to).toBeGreaterThan(from);
      decoded += bytes.toString('latin1', from, to);
    },
  };
  let start = 0;
  try {
    for (const end of ends) {
      const bytes = Buffer.from(`#${text.slice(start, end)}#`, 'latin1');
      const stop = decoder.push(bytes, 1, bytes.length - 1, sink);
      if (decoder.isDone) return { output: decoded, used: start + stop - 1 };
      expect(stop).toBe(bytes.length - 1);
      start = end;
    }
    return 'incomplete';
  } catch (error) {
    if (error instanceof ProxyError && error.source === 'downstream') return 'refused';
    throw error;
  }
}

/** The canonical coding, read by the shortest regular expression that fits it. */
function readCanonical(wire: string): string {
  let body = '';
  let rest = wire;
  while (rest !== LAST_CHUNK) {
    const header = /^([1-9a-fA-F][0-9a-fA-F]{0,7})\r\n/.exec(rest);
    expect(header, `no canonical chunk: ${JSON.stringify(rest.slice(0, 20))}`).not.toBeNull();
    const size = Number.parseInt(header?.[1] ?? '0', 16);
    const dataStart = header?.[0].length ?? 0;
    body += rest.slice(dataStart, dataStart + size);
    expect(rest.slice(dataStart + size, dataStart + size + 2)).toBe('\r\n');
    rest = rest.slice(dataStart + size + 2);
  }
  return body;
}

const chunk = fc.record({
  data: fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  zeros: fc.constantFrom('', '', '', '0', '000'),
  isUpperCase: fc.boolean(),
  extension: fc.constantFrom('', '', '', ';a', ';a=b', ';a="b;\\"c"', '; a = b'),
});
const body = fc.record({
  chunks: fc.array(chunk, { maxLength: 6 }),
  last: fc.constantFrom('0', '0', '00', '0;x'),
  trailers: fc.constantFrom('', '', 'X: 1\r\n', 'X: 1\r\nTransfer-Encoding: chunked\r\n'),
});
const rest = fc.constantFrom('', 'GET / HTTP/1.1\r\n', '0\r\n\r\n', '\r\n');

type Body = typeof body extends fc.Arbitrary<infer One> ? One : never;

function encode({ chunks, last, trailers }: Body): { wire: string; content: string } {
  let wire = '';
  for (const { data, zeros, isUpperCase, extension } of chunks) {
    const size = data.length.toString(16);
    wire += `${zeros}${isUpperCase ? size.toUpperCase() : size}${extension}\r\n${data}\r\n`;
  }
  return { wire: `${wire}${last}\r\n${trailers}\r\n`, content: chunks.map(({ data }) => data).join('') };
}

it('any body in any chunks, cut anywhere, is read to its exact end', () => {
  fc.assert(
    fc.property(body, rest, places, (value, behind, at) => {
      const { wire, content } = encode(value);
      const text = wire + behind;
      expect(decode(text, cuts(text.length, at), 'body')).toEqual({ output: content, used: wire.length });
    }),
    { numRuns: 2000 },
  );
});

it('what is relayed is canonical and means the same', () => {
  fc.assert(
    fc.property(body, rest, places, (value, behind, at) => {
      const { wire, content } = encode(value);
      const text = wire + behind;
      const relayed = decode(text, cuts(text.length, at), 'wire');
      if (typeof relayed === 'string') throw new Error(relayed);
      expect(relayed.used).toBe(wire.length);
      expect(readCanonical(relayed.output)).toBe(content);
    }),
    { numRuns: 2000 },
  );
});

it('what is canonical already is relayed byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }), places, (pieces, at) => {
      const texts = pieces.map((piece) => Buffer.from(piece).toString('latin1'));
      const wire = texts.map((text) => chunkHeader(text.length) + text + CHUNK_END).join('') + LAST_CHUNK;
      expect(decode(wire, cuts(wire.length, at), 'wire')).toEqual({ output: wire, used: wire.length });
    }),
  );
});

it('a changed body is refused, incomplete, or relayed canonically with the content that was read', () => {
  let done = 0;
  fc.assert(
    fc.property(body, edits, places, (value, list, at) => {
      const text = edited(encode(value).wire, list);
      const ends = text === '' ? [] : cuts(text.length, at);
      const read = decode(text, ends, 'body');
      const relayed = decode(text, ends, 'wire');
      if (typeof read === 'string' || typeof relayed === 'string') {
        expect(relayed).toBe(read);
        return;
      }
      done++;
      expect(relayed.used).toBe(read.used);
      expect(readCanonical(relayed.output)).toBe(read.output);
    }),
    { numRuns: 3000 },
  );
  expect(done).toBeGreaterThan(100);
});

it('hostile bodies are judged the same however they are cut', () => {
  for (const { text } of CHUNK_CORPUS) {
    if (text.length > 1000) continue;
    for (const output of ['body', 'wire'] as const) {
      const whole = decode(text, [text.length], output);
      const bytewise = decode(
        text,
        Array.from(text, (_, index) => index + 1),
        output,
      );
      if (output === 'body' || typeof whole === 'string') expect(bytewise).toEqual(whole);
    }
  }
});

it('random bytes are refused or incomplete, never an error of ours', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), places, (random, at) => {
      const text = Buffer.from(random).toString('latin1');
      decode(text, cuts(text.length, at), 'wire');
      decode(`3;${text}`, cuts(text.length, at), 'body');
    }),
    { numRuns: 2000 },
  );
});
