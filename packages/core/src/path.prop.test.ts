import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPath, canonicalRoutePath } from './path.ts';

const piece = fc.constantFrom(
  '/',
  '.',
  '..',
  '%2e',
  '%2E',
  '%2f',
  '%5C',
  '\\',
  ';',
  'a',
  'B',
  '%41',
  '%',
  '%25',
  '\u00ff',
  '|',
);
const rawPath = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`);

describe('canonicalPath, whatever comes in', () => {
  it('leaves its own result as it is: nothing can be decoded twice', () => {
    fc.assert(
      fc.property(rawPath, (raw) => {
        const path = canonicalPath(raw) ?? '/';
        expect(canonicalPath(path)).toBe(path);
      }),
      { numRuns: 3_000 },
    );
  });

  it('has no dot segment, doubled slash, backslash, parameter or lower-case escape left', () => {
    fc.assert(
      fc.property(rawPath, (raw) => {
        expect(canonicalPath(raw)).toMatch(/^\/(?!.*(?:\/\/|\\|;|\/\.{1,2}(?:\/|$)|%(?![0-9A-F]{2})))[!-~]*$/);
      }),
      { numRuns: 3_000 },
    );
  });

  it('reads an escaped spelling like the plain one', () => {
    const plain = fc.array(fc.constantFrom(...'abZ09-._~/'.split('')), { maxLength: 12 }).map((c) => `/${c.join('')}`);
    fc.assert(
      fc.property(plain, fc.array(fc.boolean(), { minLength: 13, maxLength: 13 }), (path, escaped) => {
        const raw = path.split('').map((c, index) => {
          if (c === '/' || escaped[index] !== true) return c;
          return `%${c.charCodeAt(0).toString(16)}`;
        });
        expect(canonicalPath(raw.join(''))).toBe(canonicalPath(path));
      }),
      { numRuns: 2_000 },
    );
  });

  it('resolves dot segments as URLs do, where there are no doubled slashes', () => {
    const segments = fc.array(fc.constantFrom('a', 'b', '.', '..', '%2e', '.%2E'), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(segments, (parts) => {
        const raw = `/${parts.join('/')}`;
        expect(canonicalPath(raw)).toBe(new URL(raw, 'http://x').pathname);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws, and takes every route path as its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        canonicalPath(text);
        const path = canonicalRoutePath(`/${text}`);
        if (path !== undefined) expect(canonicalPath(path)).toBe(path);
      }),
    );
  });
});
