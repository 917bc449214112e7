import { describe, expect, it } from 'vitest';
import { parseFile } from '../file/parse-file.ts';
import type { ParsedFile } from '../file/parsed-file.ts';

function parse(text: string): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs: 0 });
}

const route = (https: string): ParsedFile => parse(`routes:\n  - { host: a.test, to: b:1, https: ${https} }\n`);

describe('https of a route', () => {
  it.each([
    ['true', { redirect: 308 }],
    ['false', { redirect: 0 }],
    ['{}', {}],
    ['{ redirect: true }', { redirect: 308 }],
    ['{ redirect: false, certificate: none }', { redirect: 0, certificate: 'none' }],
    ['{ redirect: 301 }', { redirect: 301 }],
    ['{ hsts: true }', { hsts: 'max-age=31536000' }],
    ['{ hsts: false }', { hsts: '' }],
    ['{ hsts: "MAX-AGE=1; preload" }', { hsts: 'max-age=1; preload' }],
  ])('%s', (https, expected) => {
    const { definitions, rejected } = route(https);
    expect(rejected).toEqual([]);
    expect(definitions[0]?.https).toEqual(expected);
  });

  it.each([
    ['yes', 'routes[0].https: found "yes" -> true, false (no redirect to HTTPS), or {redirect, hsts, certificate}'],
    ['{ redirect: 303 }', 'routes[0].https.redirect: found 303 -> true, false, 301, 302, 307 or 308'],
    [
      '{ hsts: "includeSubDomains" }',
      'routes[0].https.hsts: found "includeSubDomains": browsers would not understand it (RFC 6797 section 6.1) -> true, false, or a value such as "max-age=31536000; includeSubDomains; preload"',
    ],
    ['{ hsts: "max-age=1\\r\\nx: y" }', /^routes\[0\]\.https\.hsts: found "max-age=1\\u000d\\u000ax: y"/],
    ['{ certificate: never }', 'routes[0].https.certificate: found "never" -> one of: default, acme, none'],
    [
      '{ redirct: 301 }',
      'routes[0].https: unknown key "redirct" -> did you mean "redirect"? Known keys here: redirect, hsts, certificate',
    ],
  ])('refuses %s', (https, expected) => {
    const { definitions, rejected } = route(https);
    const [said = ''] = rejected.map(({ message, expected: wanted }) => `${message} -> ${wanted}`);
    expect(definitions).toEqual([]);
    if (typeof expected === 'string') expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });

  it('is what `https` says for all, where the route says nothing', () => {
    const file = parse('https: { redirect: 302, hsts: true }\nroutes:\n  - { host: a.test, to: b:1 }\n');
    expect(file.settings.https).toEqual({ redirect: 302, hsts: 'max-age=31536000' });
    expect(file.definitions[0]?.https).toEqual({});
  });
});
