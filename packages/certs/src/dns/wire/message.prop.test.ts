import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MalformedMessage } from './malformed-message.ts';
import { CLASS, decodeMessage, encodeHeader, encodeQuestion, encodeRecord, encodeText, TYPE } from './message.ts';
import { encodeName } from './name.ts';

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));

it('what is written is read back', () => {
  fc.assert(
    fc.property(name, fc.array(fc.stringMatching(/^[ -~]{0,255}$/), { maxLength: 5 }), (owner, values) => {
      const records = values.map((value) =>
        encodeRecord({ name: owner, type: TYPE.txt, class: CLASS.in, ttl: 9, data: encodeText(value) }),
      );
      const question = { name: owner, type: TYPE.txt, class: CLASS.in };
      const bytes = Buffer.concat([
        encodeHeader(3, 0x8400, [1, values.length, 0, 0]),
        encodeQuestion(question),
        ...records,
      ]);
      const message = decodeMessage(bytes);
      expect(message.questions).toEqual([question]);
      expect(message.answers.map((record) => [record.name, record.value])).toEqual(
        values.map((value) => [owner, value]),
      );
    }),
  );
});

it('whatever bytes arrive, they are a message or refused as malformed', () => {
  const header = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)).map((counts) => encodeHeader(1, 0x8000, counts));
  const bytes = fc.tuple(header, fc.uint8Array({ maxLength: 200 })).map(([head, rest]) => Buffer.concat([head, rest]));
  fc.assert(
    fc.property(bytes, (message) => {
      try {
        decodeMessage(message);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessage);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('a name is encoded within its limits or refused', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      try {
        expect(encodeName(text).length).toBeLessThanOrEqual(255);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
