import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { describe, expect, it } from 'vitest';
import type { Condition } from '@dproxy/core';
import { parseFile } from '../file/parse-file.ts';
import { validate } from '../file/validate.ts';
import { match, type MatchRules } from './match.ts';

function read(value: unknown): MatchRules | readonly string[] {
  const result = validate(match(), value, ['match']);
  return 'value' in result ? result.value : result.findings.map(({ message, expected }) => `${message} -> ${expected}`);
}

function condition(value: unknown): Condition | null {
  const rules = read(value);
  if ('condition' in rules) return rules.condition;
  throw new Error(rules[0]);
}

describe('match', () => {
  it('says nothing where it is empty', () => {
    expect(read({})).toEqual({ pathMatch: 'segments', condition: null });
    expect(read({ path: 'exact' })).toEqual({ pathMatch: 'exact', condition: null });
  });

  it.each<[unknown, Condition]>([
    [{ methods: 'get' }, { type: 'method', methods: ['GET'] }],
    [{ methods: ['GET', 'HEAD'] }, { type: 'method', methods: ['GET', 'HEAD'] }],
    [{ headers: { 'X-Canary': 'yes' } }, { type: 'header', name: 'x-canary', value: 'yes' }],
    [{ headers: { 'x-v': 2 } }, { type: 'header', name: 'x-v', value: '2' }],
    [{ headers: { 'x-a': true } }, { type: 'header', name: 'x-a', value: null }],
    [{ headers: { 'x-a': false } }, { type: 'none', of: [{ type: 'header', name: 'x-a', value: null }] }],
    [{ headers: { host: { pattern: '^a' } } }, { type: 'headerPattern', name: 'host', pattern: '^a' }],
    [
      { cookies: { Beta: ['1', '2'] } },
      {
        type: 'any',
        of: [
          { type: 'cookie', name: 'Beta', value: '1' },
          { type: 'cookie', name: 'Beta', value: '2' },
        ],
      },
    ],
    [{ query: { v: { pattern: '^[0-9]+$' } } }, { type: 'queryPattern', name: 'v', pattern: '^[0-9]+$' }],
    [{ clients: '10.0.0.0/8' }, { type: 'client', ranges: ['10.0.0.0/8'] }],
    [{ hostPattern: '^pr-' }, { type: 'hostPattern', pattern: '^pr-' }],
    [{ pathPattern: '\\.jpg$' }, { type: 'pathPattern', pattern: '\\.jpg$' }],
    [{ not: { methods: 'GET' } }, { type: 'none', of: [{ type: 'method', methods: ['GET'] }] }],
  ])('%j', (value, expected) => {
    expect(condition(value)).toEqual(expected);
  });

  it('asks for all that it lists, and for none of what stands under not', () => {
    expect(condition({ methods: 'GET', query: { a: '1' }, not: { headers: { b: true }, clients: ['::1'] } })).toEqual({
      type: 'all',
      of: [
        { type: 'method', methods: ['GET'] },
        { type: 'query', name: 'a', value: '1' },
        {
          type: 'none',
          of: [
            { type: 'header', name: 'b', value: null },
            { type: 'client', ranges: ['::1/128'] },
          ],
        },
      ],
    });
  });

  it.each<[unknown, RegExp]>([
    [{ path: 'regex' }, /match\.path.* -> one of: segments, prefix, exact/],
    [{ methods: 'GE T' }, /match\.methods.*not a method -> a method such as GET/],
    [{ headers: { 'a b': 'c' } }, /match\.headers.*not a header name -> a header name/],
    [{ cookies: { 'a=b': 'c' } }, /not the name of a cookie/],
    [{ cookies: { a: { pattern: 'b' } } }, /match\.cookies\.a.* -> a value or a list of them/],
    [{ pathPattern: '(' }, /match\.pathPattern.*missing closing \)/],
    [{ headers: { a: { pattern: '(?=x)' } } }, /headers/],
    [{ clients: '10.0.0.0/33' }, /no prefix length/],
    [{ header: { a: 'b' } }, /unknown key "header" -> did you mean "headers"/],
    [{ not: { path: 'exact' } }, /unknown key "path"/],
    [{ headers: { a: Array.from({ length: 201 }, String) } }, /it has more than 200 parts -> at most 200 parts/],
  ])('%j is refused', (value, refusal) => {
    expect(read(value)).toEqual([expect.stringMatching(refusal)]);
  });

  it('is written as docs/routing.md shows it', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/routing.md'), 'utf8');
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
    const files = examples.map((text) => parseFile({ path: '/etc/dproxy.yml', text, seenMs: 0 }));
    expect(files.map(({ rejected, definitions }) => [rejected, definitions.length])).toEqual([
      [[], 1],
      [[], 3],
    ]);
    const known = Object.keys((match().in as ReturnType<typeof z.object>).shape).filter((key) => key !== 'path');
    expect(known.filter((key) => !new RegExp(`^ +${key}:`, 'm').test(examples[0] ?? ''))).toEqual([]);
  });

  it('takes names like those of every object for what they are', () => {
    const headers = JSON.parse('{"constructor": "a"}') as unknown;
    expect(condition({ headers })).toEqual({ type: 'header', name: 'constructor', value: 'a' });
  });
});
