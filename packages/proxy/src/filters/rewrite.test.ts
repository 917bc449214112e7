import type { Filter } from '@dproxy/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, values } from './fixtures/ask.ts';

const strip = (...prefixes: string[]): Filter => ({ type: 'stripPrefix', prefixes });
const stripPattern = (...patterns: string[]): Filter => ({ type: 'stripPrefixPattern', patterns });
const add = (prefix: string): Filter => ({ type: 'addPrefix', prefix });
const replacePath = (path: string): Filter => ({ type: 'replacePath', path });
const replacePattern = (pattern: string, replacement: string): Filter => ({
  type: 'replacePathPattern',
  pattern,
  replacement,
});
const replacePrefix = (from: string, to: string): Filter => ({ type: 'replacePrefix', from, to });

/** The target that the backend gets, or the status when it gets nothing. */
async function backendGets(filters: readonly Filter[], target: string): Promise<string | number> {
  const { seen, response } = await ask(filters, { target });
  return seen?.target ?? response.status;
}

it.each<[string, readonly Filter[], string, string | number]>([
  ['a prefix', [strip('/api')], '/api/x?q=/api', '/x?q=/api'],
  ['a prefix that is all', [strip('/api')], '/api?q', '/?q'],
  ['a prefix as characters', [strip('/api')], '/apis', '/s'],
  ['the first that fits', [strip('/b', '/a', '/a/b')], '/a/b/c', '/b/c'],
  ['none that fits', [strip('/b')], '/a', '/a'],
  ['a prefix once', [strip('/a')], '/a/a', '/a'],
  ['a prefix spelled as people do', [strip('ä b')], '/%C3%A4%20b/x', '/x'],
  ['slashes that would begin a host', [strip('/api')], '/api//evil.test/x', '/evil.test/x'],
  ['what a pattern finds at the beginning', [stripPattern('/[a-z]+/v[0-9]')], '/shop/v1/x', '/x'],
  ['nothing that a pattern finds elsewhere', [stripPattern('/v[0-9]')], '/shop/v1/x', '/shop/v1/x'],
  ['what the first pattern finds', [stripPattern('/x*$', '/a')], '/a/b', '/b'],
  ['another prefix', [add('/base')], '/x?q', '/base/x?q'],
  ['another prefix for one', [strip('/a'), add('/b')], '/a/x', '/b/x'],
  ['one path', [replacePath('/one')], '/x/y?q', '/one?q'],
  ['a path with what no path has', [replacePath('/a?b#c d')], '/x', '/a%3Fb%23c%20d'],
  ['groups of a pattern', [replacePattern('^/(\\w+)/(.*)', '/$2/${1}')], '/a/b?q', '/b/a?q'],
  ['no path that the pattern does not find', [replacePattern('^/b', '/c')], '/a', '/a'],
  ['what stands for the prefix', [replacePrefix('/app', '/v2/')], '/app/x', '/v2//x'],
  ['what stands for the prefix, as characters', [replacePrefix('/app/', '/')], '/app/x', '/x'],
  ['what needs no other spelling, as it was sent', [strip('/api')], '/api/a%2Fb/%7Ec', '/a%2Fb/%7Ec'],
  ['no line of its own', [replacePattern('^/(.*)', '/n/$1')], '/x%0d%0aX:%20y?%0d', '/n/x%0d%0aX:%20y?%0d'],
  ['the server', [add('/base')], '*', 405],
])('gives the backend %s', async (_, filters, target, expected) => {
  if (target === '*') {
    const { seen } = await ask(filters, { target, method: 'OPTIONS' });
    expect(seen?.target).toBe('*');
    return;
  }
  expect(await backendGets(filters, target)).toBe(expected);
});

describe('a path that could be read in two ways', () => {
  it.each<[readonly Filter[], string]>([
    [[strip('/api')], '/api/../api/x'],
    [[strip('/api')], '//api/x'],
    [[strip('/api')], '/%61pi/x'],
    [[strip('/api')], '/api%2F..%2Fadmin'],
    [[strip('/api')], '/api%5Cx'],
    [[strip('/api')], '/api..'],
    [[strip('/api')], '/api../x'],
    [[add('/base')], '/x/../../admin'],
    [[replacePrefix('/app', '/files/')], '/app../secret'],
    [[replacePrefix('/app', '/files/')], '/app../secret/.'],
    [[replacePrefix('/app', '/files/')], '/app%2e%2e/secret'],
    [[replacePattern('^/d/([^/]*)/.*', '/$1')], '/d/a/../b/c'],
    [[replacePattern('^/d(.*)', '/e/$1')], '/d..'],
    [[stripPattern('/[a-z]+')], '/a/../b/x'],
  ])('%j refuses %s', async (filters, target) => {
    expect(await backendGets(filters, target)).toBe(400);
  });
});

it('tells the prefix that is gone, and nobody else does', async () => {
  const headers = 'X-Forwarded-Prefix: /evil\r\nX-Replaced-Path: /evil\r\n';
  const stripped = await ask([strip('/api'), stripPattern('/v\\d')], { target: '/api/v1/x', headers });
  expect(values(stripped.seen, 'x-forwarded-prefix')).toEqual(['/api', '/v1']);
  const replaced = await ask([replacePath('/y')], { target: '/x?q', headers });
  expect(values(replaced.seen, 'x-replaced-path')).toEqual(['/x']);
});

it('refuses a target that becomes too long', async () => {
  const path = `/${'a'.repeat(20_000)}`;
  expect(await backendGets([add(`/${'b'.repeat(20_000)}`)], path)).toBe(414);
});

it('refuses a path that is too long for its pattern, rather than passing it as it is', async () => {
  expect(await backendGets([replacePattern('^/old/([a-z]+)', '/new/$1')], `/x/${'a'.repeat(9_000)}`)).toBe(414);
});

it('never lets a path out of the prefix that an operator has set', async () => {
  const part = fc.constantFrom('/', 'app', '..', '.', '%2e', '%2F', ';', 'x', '\\', '%5c', '//');
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 7 }), async (parts) => {
      const target = `/app${parts.join('')}`;
      const route = { path: '/app', pathMatch: 'prefix' } as const;
      const { seen } = await ask([replacePrefix('/app', '/files/')], { target, route });
      if (seen === undefined) return;
      const got = seen.target;
      expect(got).toMatch(/^\/files\//);
      // As a backend resolves it that decodes dots, cuts parameters and takes `\` for `/`.
      const plain = got
        .replaceAll(/%2e/gi, '.')
        .replaceAll('\\', '/')
        .replaceAll(/;[^/]*/g, '');
      expect(new URL(plain, 'http://x').pathname).toMatch(/^\/files\//);
    }),
    { numRuns: 150 },
  );
});
