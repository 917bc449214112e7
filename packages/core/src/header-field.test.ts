import { expect, test } from 'vitest';
import { canonicalFieldName, isFieldValue, isOwnField } from './header-field.ts';

test.each(['Content-Length', 'content_length', 'TRANSFER-ENCODING', 'host', 'Upgrade'])(
  '%s is not for rules',
  (name) => {
    expect(isOwnField(name)).toBe(true);
  },
);

test('a name is a token, in lower case', () => {
  expect(canonicalFieldName('X-Frame-Options')).toBe('x-frame-options');
  for (const raw of ['', 'a b', 'a:b', 'a\r\nb', 'ä', 'x'.repeat(129)]) expect(canonicalFieldName(raw)).toBeUndefined();
});

test('a value is one line of Latin-1', () => {
  for (const text of ['', 'a b\tc', '\u00e9']) expect(isFieldValue(text)).toBe(true);
  for (const text of ['a\r\nb: c', 'a\nb', '\0', '\u010a', 'x'.repeat(8_193)]) expect(isFieldValue(text)).toBe(false);
});
