import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLines, plainText } from './plain-text.ts';

describe('a line of a log', () => {
  it.each([
    ['plain', 'listening on 80', 'listening on 80'],
    ['coloured', '\u001b[1;31merror\u001b[0m: x', 'error: x'],
    ['with a window title', '\u001b]0;evil\u0007ready', 'ready'],
    ['with a link', '\u001b]8;;http://x.test\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['with an escape in 8 bits', '\u009b2Jready', 'ready'],
    ['with a title that does not end', 'a\u001b]0;evil', 'a'],
    ['that ends in an escape', 'a\u001b', 'a'],
    ['of a progress bar', '10 %\r55 %\r100 %\r', '100 %'],
    ['with Windows line ends', 'ready\r', 'ready'],
    ['with tabs', 'a\tb', 'a b'],
    ['that turns the direction', 'a\u202eb\u2028c', 'abc'],
    ['of markup', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ])('%s', (_, raw, text) => {
    expect(plainText(raw, 200)).toBe(text);
  });

  it('is cut, never in the middle of a character', () => {
    expect(plainText('abcdef', 4)).toBe('abc…');
    expect(plainText('ab😀def', 4)).toBe('ab\ufffd…');
    expect(plainText('x'.repeat(100_000), 200)).toHaveLength(200);
  });

  it('is one of the last twenty', () => {
    const lines = plainLines(Array.from({ length: 30 }, (_, index) => `line ${index}`));
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([20, 'line 10', 'line 29']);
  });

  it('has nothing that a terminal or a parser obeys, whatever it was', () => {
    const part = fc.constantFrom('\u001b', '[', ']', '\u0007', '\\', '0', ';', 'm', '\r', '\u009b', 'a');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (raw) => {
          const text = plainText(raw, 200);
          expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
          expect(text.length).toBeLessThanOrEqual(200);
        },
      ),
    );
  });
});
