import { DEFAULT_LIMITS, ProxyError } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder } from './body-decoder.ts';
import type { BodyDecoder, DecoderOutput } from './body.ts';
import { type ChunkSample, CHUNK_CORPUS } from './corpus/chunk-corpus.ts';

const REST = 'GET / HTTP/1.1\r\n';

function decoder(output: DecoderOutput, from: 'downstream' | 'upstream' = 'downstream'): BodyDecoder {
  return createBodyDecoder({ framing: 'chunked', contentLength: 0, output, from, limits: DEFAULT_LIMITS });
}

interface Result {
  readonly text: string;
  readonly rest: string;
  readonly isDone: boolean;
}

function push(body: BodyDecoder, text: string): Result {
  const bytes = Buffer.from(text, 'latin1');
  let output = '';
  const end = body.push(bytes, 0, bytes.length, {
    onBody(piece, from, to) {
      output += piece.toString('latin1', from, to);
    },
  });
  return { text: output, rest: bytes.toString('latin1', end), isDone: body.isDone };
}

function outcome(sample: ChunkSample): ChunkSample['expected'] {
  // A cut body must have nothing behind it.
  const isCut = sample.expected === 'incomplete';
  try {
    const result = push(decoder('body'), sample.text + (isCut ? '' : REST));
    if (!result.isDone) return 'incomplete';
    expect(result.rest).toBe(REST);
    return { body: result.text };
  } catch (error) {
    if (error instanceof ProxyError) return error.code;
    throw error;
  }
}

describe('chunked bodies', () => {
  it.each(CHUNK_CORPUS.map((sample) => [`${sample.source}: ${sample.name}`, sample] as const))('%s', (_, sample) => {
    expect(outcome(sample)).toEqual(sample.expected);
  });

  it('of many small chunks that are written anew go on in few pieces', () => {
    let pieces = 0;
    const bytes = Buffer.from('01\r\nx\r\n'.repeat(5_000), 'latin1');
    decoder('wire').push(bytes, 0, bytes.length, { onBody: () => pieces++ });
    expect(pieces).toBeLessThanOrEqual(8);
  });

  it('of a backend blame the backend', () => {
    expect(() => push(decoder('body', 'upstream'), 'x')).toThrow(
      expect.objectContaining({ code: 'upstream-malformed' }),
    );
    expect(() => push(decoder('wire', 'upstream'), '0\r\nX\r\n\r\n')).toThrow(
      expect.objectContaining({ code: 'upstream-malformed' }),
    );
  });

  it('are not complete when the peer closes early', () => {
    const body = decoder('body');
    push(body, '5\r\nhello\r\n0\r\n');
    expect(body.finish()).toBe(false);
    push(body, '\r\n');
    expect(body.finish()).toBe(true);
  });
});

describe('relayed chunks', () => {
  it('go through as they are, in one piece', () => {
    const pieces: string[] = [];
    const bytes = Buffer.from(`5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n${REST}`, 'latin1');
    const end = decoder('wire').push(bytes, 0, bytes.length, {
      onBody: (piece, from, to) => pieces.push(piece.toString('latin1', from, to)),
    });
    expect(pieces).toEqual(['5\r\nhello\r\nA\r\n0123456789\r\n', '0\r\n\r\n']);
    expect(bytes.toString('latin1', end)).toBe(REST);
  });

  it('lose extensions, leading zeros and trailers', () => {
    const text = '05\r\nhello\r\n3;a="b"\r\nabc\r\n2\r\nde\r\n00;x\r\nContent-Length: 5\r\n\r\n';
    expect(push(decoder('wire'), text + REST)).toEqual({
      text: '5\r\nhello\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
      rest: REST,
      isDone: true,
    });
  });

  it('never carry a byte of a size line before it is whole', () => {
    const body = decoder('wire');
    expect(push(body, '5\r\nhello\r\n1').text).toBe('5\r\nhello\r\n');
    expect(push(body, '0').text).toBe('');
    expect(push(body, '\r').text).toBe('');
    expect(push(body, '\n01').text).toBe('10\r\n01');
  });
});
