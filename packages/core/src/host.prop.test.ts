import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalHost } from './host.ts';

const characters = fc.constantFrom(...'aZ0-_.*:[]%@/\\ \0\r\nüß。١x'.split(''), 'xn--', '127', '0x');
const anything = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.array(characters, { maxLength: 12 }).map((c) => c.join('')),
);

describe('canonicalHost, whatever comes in', () => {
  it('gives nothing but what it would leave as it is', () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const host = canonicalHost(raw);
        if (host !== undefined) expect(canonicalHost(host)).toBe(host);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives only characters that need no care in a header, a file name or a message', () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const host = canonicalHost(raw) ?? 'a';
        expect(host).toMatch(/^(?:\*\.)?[a-z0-9._-]{1,253}$|^\[[0-9a-f:.]+\]$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not depend on case, port or trailing dot', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}\.[a-z]{1,10}$/);
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 65_535 }), (host, port) => {
        expect(canonicalHost(host)).toBe(host);
        expect(canonicalHost(`${host.toUpperCase()}.:${port}`)).toBe(host);
        expect(canonicalHost(`*.${host.toUpperCase()}`)).toBe(`*.${host}`);
      }),
    );
  });
});
