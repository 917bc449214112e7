import { expect, it } from 'vitest';
import { encodeFrame, FrameError, FrameReader } from './frames.ts';

it('refuses a frame that is too long at its first four bytes', () => {
  const reader = new FrameReader(10);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(11);
  expect(() => [...reader.push(prefix)]).toThrow(new FrameError('a frame of 11 bytes, expected at most 10'));
});

it('refuses a frame that is no JSON', () => {
  const frame = encodeFrame({ a: 1 });
  frame[4] = 0;
  expect(() => [...new FrameReader(100).push(frame)]).toThrow(FrameError);
});

it('counts bytes and not characters', () => {
  expect([...new FrameReader(100).push(encodeFrame({ name: 'ü€😀' }))]).toEqual([{ name: 'ü€😀' }]);
});
