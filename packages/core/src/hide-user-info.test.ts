import { expect, it } from 'vitest';
import { hideUserInfo } from './hide-user-info.ts';

it.each([
  ['https://me:secret@example.com/a', 'https://...@example.com/a'],
  ['https://me@example.com', 'https://...@example.com'],
  ['http://me:se/cr@et@example.com', 'http://...@example.com'],
  ['https://example.com/a', 'https://example.com/a'],
  ['me@example.com', 'me@example.com'],
  ['ask http://me:a@x/ and b@y', 'ask http://...@x/ and b@y'],
])('makes of %s %s', (text, shown) => {
  expect(hideUserInfo(text)).toBe(shown);
});
