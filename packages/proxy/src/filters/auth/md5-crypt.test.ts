import { expect, it } from 'vitest';
import { md5Crypt } from './md5-crypt.ts';

it.each([
  ['secret ä', 'abcdefgh', '$apr1$', 'RyjZxelGXAYi.LdJNTfln/'],
  ['b', 'xyz', '$1$', 'qUYzyCcjMnuUdvZ0GH8cA/'],
  ['a'.repeat(40), 'abcdefgh', '$apr1$', '7LLwOaA34rPr3m6GkAUqO/'],
] as const)('writes what openssl passwd writes for %j', (password, salt, magic, expected) => {
  expect(md5Crypt(Buffer.from(password), salt, magic)).toBe(expected);
});
