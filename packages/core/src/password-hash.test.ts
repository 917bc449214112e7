import { expect, it } from 'vitest';
import { readPasswordHash } from './password-hash.ts';

const SALTED = 'abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234';
const DIGEST = 'abcdefghijklmnopqrstuv';
const SHA1 = 'W6ph5Mm5Pz8GgiULbPgzG37mj9g=';

it.each([
  [`$2y$05$${SALTED}`, { type: 'bcrypt', text: `$2y$05$${SALTED}` }],
  [`$2a$15$${SALTED}`, { type: 'bcrypt', text: `$2a$15$${SALTED}` }],
  [`$apr1$salt$${DIGEST}`, { type: 'md5', magic: '$apr1$', salt: 'salt', digest: DIGEST }],
  [`$1$12345678$${DIGEST}`, { type: 'md5', magic: '$1$', salt: '12345678', digest: DIGEST }],
  [`{SHA}${SHA1}`, { type: 'sha1', digest: SHA1 }],
])('takes %s apart', (text, hash) => {
  expect(readPasswordHash(text)).toEqual({ hash });
});

it.each([
  [`$2y$16$${SALTED}`, 'a bcrypt cost that is not from 4 to 15'],
  [`$2y$03$${SALTED}`, 'a bcrypt cost that is not from 4 to 15'],
  [`$$2y$$05$$${SALTED}`, 'doubled "$", which only compose files need'],
  [`$2x$05$${SALTED}`, 'another kind of hash, or a broken one'],
  [`$2y$05$${SALTED}\n`, 'another kind of hash, or a broken one'],
  [`$apr1$123456789$${DIGEST}`, 'another kind of hash, or a broken one'],
  ['{SSHA}xyz', 'another kind of hash, or a broken one'],
  ['secret', 'not a hash'],
])('says what is wrong with %j, without a part of it', (text, problem) => {
  expect(readPasswordHash(text)).toEqual({ problem });
});
