import { array, assert, dictionary, integer, jsonValue, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame, FrameReader } from './frames.ts';

it('gives back every message, however the bytes are cut', () => {
  const messages = array(dictionary(string(), jsonValue()), { maxLength: 8 });
  assert(
    property(messages, array(integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map((message) => encodeFrame(message)));
      const reader = new FrameReader(1_000_000);
      const received: unknown[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + (cuts[turn % cuts.length] ?? 1);
        received.push(...reader.push(bytes.subarray(at, end)));
        at = end;
      }
      expect(JSON.stringify(received)).toBe(JSON.stringify(sent));
    }),
  );
});
