import { describe, expect, it } from 'vitest';
import { negotiate } from './accept.ts';

describe('negotiate', () => {
  it.each([
    ['', 'txt'],
    ['*/*', 'txt'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/json, text/plain, */*', 'json'],
    ['text/plain, application/json', 'txt'],
    ['application/problem+json', 'json'],
    ['application/*', 'json'],
    ['text/*', 'txt'],
    ['text/*, text/plain;q=0', 'html'],
    ['text/html;q=0.5, application/json;q=0.9', 'json'],
    ['TEXT/HTML ; level=1 ; Q=1.000', 'html'],
    ['text/html;q=0, */*;q=0.1', 'txt'],
    ['image/png', 'txt'],
    ['text/html;q=0', 'txt'],
  ])('reads %j as a wish for %s', (accept, type) => {
    expect(negotiate(accept)).toBe(type);
  });

  it('ignores a range with a malformed weight and keeps the others', () => {
    expect(negotiate('text/html;q=2, application/json;q=0.1')).toBe('json');
    expect(negotiate('text/html;q=0.12345, application/json;q=0.1')).toBe('json');
  });

  it('reads no more ranges than a client has reason to send', () => {
    expect(negotiate(`${'a/b,'.repeat(40)}text/html`)).toBe('txt');
  });
});
