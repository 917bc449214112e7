import { describe, expect, it } from 'vitest';
import { readHsts } from './hsts.ts';

describe('a value of Strict-Transport-Security', () => {
  it.each([
    ['max-age=0', 'max-age=0'],
    ['max-age=31536000; includeSubDomains; preload', 'max-age=31536000; includeSubDomains; preload'],
    [' Max-Age="600" ;PRELOAD;IncludeSubDomains; ', 'max-age=600; includeSubDomains; preload'],
  ])('is read as browsers do: %j', (raw, expected) => {
    expect(readHsts(raw)).toBe(expected);
  });

  it.each([
    '',
    'includeSubDomains',
    'max-age',
    'max-age=',
    'max-age=1.5',
    'max-age=-1',
    'max-age=12345678901',
    'max-age=1; max-age=2',
    'max-age=1, includeSubDomains',
    'max-age=1; includeSubdomain',
    'max-age=1\r\nx: y',
    `max-age=1${';'.repeat(300)}`,
    'max-age="1',
  ])('is refused when browsers would drop it: %j', (raw) => {
    expect(readHsts(raw)).toBeUndefined();
  });
});
