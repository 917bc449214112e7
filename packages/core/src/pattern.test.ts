import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { compilePattern, MAX_PATTERN_INPUT, PatternError } from './pattern.ts';

/** After a collection: what is really kept. */
function retainedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

function refusal(source: string): PatternError {
  try {
    compilePattern(source);
  } catch (error) {
    if (error instanceof PatternError) return error;
  }
  throw new Error(`${source} was not refused`);
}

describe('test', () => {
  it.each([
    ['api', '/my/api/x', true],
    ['^/api', '/api', true],
    ['^/api', '/my/api', false],
    ['\\.jpg$', '/a.jpg', true],
    ['\\.jpg$', '/ajpg', false],
    ['^/a\\.b$', '/a.b', true],
    ['^a$', 'a\n', false],
    ['^/(en|de)(/|$)', '/de', true],
    ['^/(en|de)(/|$)', '/desk', false],
    ['(?i)^MOBILE', 'mobile safari', true],
    ['[[:digit:]]{3}', 'a123', true],
    ['', 'anything', true],
  ])('%s on %j is %s', (source, text, expected) => {
    expect(compilePattern(source).test(text)).toBe(expected);
  });

  it('takes letters in both cases when it is asked to', () => {
    expect(compilePattern('^abc', 'i').test('ABCd')).toBe(true);
    expect(compilePattern('^abc').test('ABCd')).toBe(false);
  });

  it('ends at once where backtracking never would', () => {
    expect(compilePattern('(a+)+$').test(`${'a'.repeat(MAX_PATTERN_INPUT - 1)}b`)).toBe(false);
  });

  it('keeps few states, whatever the text does to a pattern that could have millions', () => {
    const patterns = Array.from({ length: 20 }, (_, index) => compilePattern(`[ab]*a[ab]{${900 + index}}[^ab]`));
    const text = Array.from({ length: 2_000 }, (_, index) => 'ab'[Number((index * index) % 7 > 2)]).join('');
    const before = retainedBytes();
    expect(patterns.map((pattern) => pattern.test(text))).not.toContain(true);
    expect(retainedBytes() - before).toBeLessThan(20 * 1_048_576);
  });

  it('answers for an oversized text what it was told to', () => {
    const text = 'a'.repeat(MAX_PATTERN_INPUT + 1);
    for (const source of ['a', 'a+']) {
      expect(compilePattern(source).test(text)).toBe(false);
      expect(compilePattern(source).test(text, true)).toBe(true);
    }
  });

  it('takes shorter texts the longer the pattern is', () => {
    const long = compilePattern('[ab]{900}c?[ab]{900}');
    expect(long.test('a'.repeat(1_800))).toBe(false);
    expect(compilePattern('[ab]{90}c?[ab]{90}').test('a'.repeat(1_800))).toBe(true);
  });
});

describe('what is refused', () => {
  it.each([
    ['(', 'missing closing ): `(`'],
    ['[a', 'missing closing ]: `[a`'],
    ['a(?=b)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(a)\\1', 'invalid escape sequence: `\\1`'],
    ['x{1001}', 'invalid repeat count: `{1001}`'],
  ])('%s: %s', (source, message) => {
    expect(refusal(source)).toMatchObject({ message, pattern: source });
  });

  it('a pattern of more than a thousand characters', () => {
    expect(refusal('a'.repeat(1_001))).toMatchObject({
      message: 'it has 1001 characters',
      expected: 'at most 1000 characters',
    });
  });

  it('a short pattern that stands for a long one', () => {
    expect(refusal('x{1000}'.repeat(3)).expected).toBe('fewer repeats: at most 2000 steps');
  });
});

describe('replace', () => {
  it.each([
    ['^/old/(.*)', '/old/a/b', '/new/$1', '/new/a/b'],
    ['^/(?P<lang>\\w+)/x', '/de/x', '/${lang}x', '/dex'],
    ['^/(?P<lang>\\w+)/x', '/de/x', '/$langx', '/'],
    ['(a)(b)', 'ab', '$2$1$0', 'baab'],
    ['(a)', 'a', '${1}0', 'a0'],
    ['(a)', 'a', '$10', ''],
    ['a', 'a', '$$1', '$1'],
    ['a', 'a', '$', '$'],
    ['a', 'a', '${', '${'],
    ['(a)|(b)', 'b', '[$1]', '[]'],
    ['/+', '//a///b', '/', '/a/b'],
    ['x*', 'abc', '-', '-a-b-c-'],
    ['x*', 'axb', '-', '-a-b-'],
    ['^/(?P<constructor>a)', '/a', '${toString}', ''],
    ['b', 'a', 'c', 'a'],
  ])('%s in %s by %s gives %s', (source, text, replacement, expected) => {
    expect(compilePattern(source).replace(text, replacement)).toBe(expected);
  });

  it('leaves a text alone whose replacement would be huge', () => {
    const text = 'a'.repeat(8_000);
    expect(compilePattern('.+').replace(text, '$0$0')).toHaveLength(16_000);
    expect(compilePattern('.+').replace(text, '$0$0$0')).toBe(text);
  });

  it('leaves a text alone whose matches would cost quadratic time', () => {
    const text = 'a'.repeat(8_000);
    expect(compilePattern('a*b|a').replace(text, 'c')).toBe(text);
    expect(compilePattern('a*b|a').replace('aaa', 'c')).toBe('ccc');
  });

  it('leaves an oversized text alone', () => {
    const text = 'a'.repeat(MAX_PATTERN_INPUT + 1);
    expect(compilePattern('a').replace(text, '')).toBe(text);
  });
});

it('one that somebody has is not compiled again', () => {
  const pattern = compilePattern('^(a|b)+$', 'i');
  expect(compilePattern('^(a|b)+$', 'i')).toBe(pattern);
  expect(compilePattern('^(a|b)+$')).not.toBe(pattern);
  expect([pattern.test('AB'), compilePattern('^(a|b)+$').test('AB')]).toEqual([true, false]);
});
