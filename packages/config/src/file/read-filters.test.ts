import { describe, expect, it } from 'vitest';
import { readFilters } from './read-filters.ts';

describe('readFilters', () => {
  it('reads what a label says as a route in the file says it', () => {
    expect(readFilters([{ stripPrefix: '/a' }, 'compress'])).toMatchObject({
      filters: [{ type: 'stripPrefix', prefixes: ['/a'] }, { type: 'compress' }],
    });
  });

  it.each<[string, unknown, string]>([
    ['another type', [{ nothing: 1 }], 'unknown key "nothing"'],
    ['a named list', [{ use: 'auth' }], 'not defined'],
    ['backends by address', [{ mirror: 'http://10.0.0.1' }], 'backends by address'],
    ['no list', 'compress', 'filters: found "compress"'],
  ])('refuses %s', (_what, value, message) => {
    expect(readFilters(value)).toEqual({
      problems: [expect.objectContaining({ message: expect.stringContaining(message) as string })],
    });
  });
});
