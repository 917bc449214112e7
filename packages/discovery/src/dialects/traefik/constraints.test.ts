import { expect, test } from 'vitest';
import { readConstraints } from './constraints.ts';
import { RuleError } from './rule-error.ts';

const labels = new Map([
  ['a.label', 'public'],
  ['tier', 'front-2'],
]);

test.each([
  ['', true],
  ['Label(`a.label`, `public`)', true],
  ['Label(`a.label`, `Public`)', false],
  ['!Label(`a.label`, `private`) && LabelRegex(`tier`, `^front-\\d+$`)', true],
  ['Label(`nothing`, ``)', true],
  ['Label("a.label", "x") || LabelRegex("tier", "back")', false],
])('%s: %s', (text, expected) => {
  expect(readConstraints(text)(labels)).toBe(expected);
});

test.each(['Label(`a`)', 'Host(`a`)', 'LabelRegex(`a`, `[`)', 'Label(`a`, `b`) &&'])('%s is refused', (text) => {
  expect(() => readConstraints(text)).toThrow(RuleError);
});
