import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compilePattern } from './pattern.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '\n', '$', '^', '\\', 'é', '😀'), maxLength: 6 });
const literal = fc
  .array(fc.constantFrom('a', 'b', '/', '-', '\\.', '\\$', '\\^', '\\\\', '\\/', 'é', '.', '(', 'a*'), { maxLength: 4 })
  .map((parts) => parts.join(''));
const source = fc.tuple(fc.constantFrom('', '^'), literal, fc.constantFrom('', '$')).map((parts) => parts.join(''));

const start = fc
  .tuple(literal, fc.constantFrom('', '(.*)', '(.+)', '(.*)x', '.*'), fc.constantFrom('', '$'))
  .map((parts) => `^${parts.join('')}`);
const replacement = fc.constantFrom('', '/', '/$1', '$0$1-$2', '$$1', '${1}$1');

function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

describe('a pattern that is plain text', () => {
  it('matches as the regular expression does, however it is compared', () => {
    fc.assert(
      fc.property(source, text, (pattern, subject) => {
        const regex = compiled(pattern);
        fc.pre(regex !== undefined);
        expect(compilePattern(pattern).test(subject)).toBe(regex.test(subject));
      }),
      { numRuns: 2_000 },
    );
  });

  it('at the beginning is replaced as by the regular expression, with the rest as a group', () => {
    fc.assert(
      fc.property(start, text, replacement, (pattern, subject, by) => {
        fc.pre(compiled(pattern) !== undefined);
        // In a group of its own it is for the machine.
        const machine = compilePattern(`(?:${pattern})`);
        for (const each of [subject, `/a${subject}`, `${pattern.slice(1)}${subject}`])
          expect(compilePattern(pattern).replace(each, by)).toBe(machine.replace(each, by));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is found between what stands around it, and nowhere when it is anchored', () => {
    fc.assert(
      fc.property(text, text, text, (before, subject, after) => {
        const quoted = RE2JS.quote(subject);
        expect(compilePattern(quoted).test(before + subject + after)).toBe(true);
        expect(compilePattern(`^${quoted}$`).test(before + subject + after)).toBe(before + after === '');
      }),
    );
  });
});
