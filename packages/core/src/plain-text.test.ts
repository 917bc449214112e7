import { describe, expect, it } from 'vitest';
import { plainText } from './plain-text.ts';

const ESC = '\u001b';

describe('a line of a log', () => {
  it.each([
    ['plain', 'listening on 80', 'listening on 80'],
    ['coloured', `${ESC}[1;31merror${ESC}[0m: x`, 'error: x'],
    ['coloured with colons', `${ESC}[38:2::255:0:0mred${ESC}[m`, 'red'],
    ['with a window title', `${ESC}]0;evil\u0007ready`, 'ready'],
    ['with a link', `${ESC}]8;;http://x.test${ESC}\\text${ESC}]8;;${ESC}\\`, 'text'],
    ['with a title that ends in 8 bits', `${ESC}]0;evil\u009cready`, 'ready'],
    ['with orders in 8 bits', '\u009b2Jready\u009d0;evil\u0007!\u0090evil\u009c\u0085', 'ready!'],
    ['with a device control string', `a${ESC}P1;2|evil${ESC}\\b`, 'ab'],
    ['with a message of an application', `a${ESC}_Gevil${ESC}\\b${ESC}^x${ESC}\\c${ESC}Xy${ESC}\\d`, 'abcd'],
    ['with a title that does not end', `a${ESC}]0;evil`, 'a'],
    ['with a title that another order cancels', `a${ESC}]0;evil${ESC}[31mb`, 'ab'],
    ['that chooses a character set', `${ESC}(Bready${ESC}=`, 'ready'],
    ['that resets the terminal', `${ESC}cready`, 'ready'],
    ['that ends in an escape', `a${ESC}`, 'a'],
    ['that ends within an order', `a${ESC}[31`, 'a'],
    ['with an order that is none', `a${ESC}[31é`, 'aé'],
    ['of a progress bar', '10 %\r55 %\r100 %\r', '100 %'],
    ['with Windows line ends', 'ready\r', 'ready'],
    ['with tabs', 'a\tb', 'a b'],
    ['that turns the direction', 'a\u202eb\u2028c\u2066d\u200fe', 'abcde'],
    ['with marks, joiners and characters of nobody', '\ufeffa\u200bb\u00adc\ue000d\u{f0000}e', 'abcde'],
    ['that was no UTF-8', 'a\ufffdb', 'a\ufffdb'],
    ['with half a character', 'a\ud83db', 'a\ufffdb'],
    ['of markup', '<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['of nothing', `${ESC}[0m \u0007 `, ''],
  ])('%s', (_, raw, text) => {
    expect(plainText(raw, 200)).toBe(text);
  });

  it('is cut, never in the middle of a character', () => {
    expect(plainText('abcdef', 4)).toBe('abc…');
    expect(plainText('ab😀def', 4)).toBe('ab\ufffd…');
    expect(plainText('x'.repeat(100_000), 200)).toHaveLength(200);
  });
});
