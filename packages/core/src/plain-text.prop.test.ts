import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainText } from './plain-text.ts';

const PARTS = [
  '\u001b',
  '[',
  ']',
  'P',
  '_',
  '\u0007',
  '\\',
  '0',
  ';',
  'm',
  ' ',
  '\r',
  '\u009b',
  '\u009c',
  '\u009d',
  '\ud83d',
  'a',
];
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...PARTS), { maxLength: 60 }).map((parts) => parts.join('')),
);

it('has nothing that a terminal or a parser obeys, whatever it was', () => {
  fc.assert(
    fc.property(hostile, (raw) => {
      const text = plainText(raw, 40);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(text.length).toBeLessThanOrEqual(40);
      expect(plainText(text, 40)).toBe(text);
    }),
  );
});

it('keeps what was plain before an escape began', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,20}$/), hostile, (plain, raw) => {
      const after = raw.includes('\r') ? '' : raw;
      expect(plainText(`${plain}\u001b${after}`, 4_096).startsWith(plain)).toBe(true);
    }),
  );
});
