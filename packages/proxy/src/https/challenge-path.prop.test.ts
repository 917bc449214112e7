import { canonicalPath } from '@dproxy/core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isChallengePath } from './challenge-answer.ts';

/** One character as it is, or escaped in either case. */
function spelled(character: string): fc.Arbitrary<string> {
  const hex = character.charCodeAt(0).toString(16);
  return fc.constantFrom(character, `%${hex}`, `%${hex.toUpperCase()}`);
}

const segment = (text: string) => fc.tuple(...Array.from(text, spelled)).map((parts) => parts.join(''));
/** Ways to the next segment: doubled slashes, dots, detours, what other servers take for a slash. */
const slash = fc.constantFrom(
  '/',
  '//',
  '/./',
  '/%2e/',
  '/x/../',
  '/x/%2E%2e/',
  '/x/y/../../',
  '\\',
  '/;v=1/',
  '/.;x/',
);
const parameter = fc.constantFrom('', ';', ';v=1');

it('sees the path of challenges in every spelling that leads there', () => {
  const spelling = fc.tuple(
    fc.constantFrom('/', '//', '/./', '/../', '/x/../', '/%2e%2e/'),
    segment('.well-known'),
    parameter,
    slash,
    segment('acme-challenge'),
    parameter,
    slash,
    segment('token'),
  );
  fc.assert(
    fc.property(spelling, (parts) => {
      const path = canonicalPath(parts.join('')) ?? '';
      expect([path, isChallengePath(path)]).toEqual(['/.well-known/acme-challenge/token', true]);
    }),
  );
});
