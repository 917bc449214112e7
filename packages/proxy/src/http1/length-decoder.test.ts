import { DEFAULT_LIMITS } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder } from './body-decoder.ts';
import type { BodyDecoder } from './body.ts';
import type { Framing } from './message.ts';

function decoder(framing: Framing, contentLength = 0): BodyDecoder {
  return createBodyDecoder({ framing, contentLength, output: 'wire', from: 'upstream', limits: DEFAULT_LIMITS });
}

function push(body: BodyDecoder, text: string): readonly [end: number, pieces: string[]] {
  const bytes = Buffer.from(text, 'latin1');
  const pieces: string[] = [];
  const end = body.push(bytes, 0, bytes.length, {
    onBody: (piece, from, to) => pieces.push(piece.toString('latin1', from, to)),
  });
  return [end, pieces];
}

describe('a body of known length', () => {
  it('ends after its bytes and leaves the rest', () => {
    const body = decoder('length', 7);
    expect(push(body, 'hello')).toEqual([5, ['hello']]);
    expect(body.isDone).toBe(false);
    expect(body.finish()).toBe(false);
    expect(push(body, '12GET')).toEqual([2, ['12']]);
    expect(body.isDone).toBe(true);
    expect(push(body, 'GET')).toEqual([0, []]);
    expect(body.finish()).toBe(true);
  });

  it('of nothing is complete at once', () => {
    expect(decoder('length', 0).isDone).toBe(true);
    expect(decoder('none').isDone).toBe(true);
  });
});

describe('a body that ends by closing', () => {
  it('takes everything until then', () => {
    const body = decoder('close');
    expect(push(body, 'hello')).toEqual([5, ['hello']]);
    expect(push(body, '')).toEqual([0, []]);
    expect(body.isDone).toBe(false);
    expect(body.finish()).toBe(true);
    expect(body.isDone).toBe(true);
  });
});
