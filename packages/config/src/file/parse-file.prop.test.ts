import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { matchHash } from '@dproxy/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeLastGood } from './merge-last-good.ts';
import { parseFile } from './parse-file.ts';
import type { ParsedFile } from './parsed-file.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../../../config/dproxy.example.yml'), 'utf8');
const GOOD = parse(EXAMPLE);

function parse(text: string): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs: 1 });
}

function expectPlaced(text: string, { rejected }: ParsedFile): void {
  const lines = text.split(/\r\n|\n|\r/);
  for (const { line, column, message, expected } of rejected) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
    expect(message).not.toBe('');
    expect(expected).not.toBe('');
  }
}

/** The example with pieces cut out, doubled, moved or replaced by hostile ones. */
const mutation = fc.record({
  at: fc.nat(EXAMPLE.length),
  length: fc.nat(40),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      ':',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '!!x ',
      '\n',
      '\t',
      '|',
      '>',
      '#',
      '---\n',
      '__proto__: 1',
      '<<: *a',
      '\r',
    ),
    fc.string({ maxLength: 10, unit: 'binary' }),
    fc.integer().map(String),
  ),
});

const mutated = fc.array(mutation, { minLength: 1, maxLength: 6 }).map((changes) => {
  let text = EXAMPLE;
  for (const { at, length, insert } of changes) text = text.slice(0, at) + insert + text.slice(at + length);
  return text;
});

describe('any text', () => {
  it('makes refusals, never an exception, and each has a line and a column inside the file', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const file = parse(text);
        expectPlaced(text.replace(/^\uFEFF/, ''), file);
        if (!file.isReadable) expect(file.rejected).not.toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('of YAML made from any values is refused in part at most', () => {
    const keys = fc.constantFrom(
      'listen',
      'workers',
      'docker',
      'routes',
      'tcp',
      'acme',
      'limits',
      'headers',
      'log',
      'plugins',
      'host',
      'to',
      'path',
      'respond',
      'redirect',
      'http',
      'url',
      '__proto__',
      'constructor',
      'api',
      'clients',
      'timeouts',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, fc.jsonValue({ maxDepth: 0 }), tie('map'), tie('list')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      map: fc.array(fc.tuple(keys, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs) as object),
    }));
    fc.assert(
      fc.property(value, (document) => {
        const text = JSON.stringify(document);
        expectPlaced(text, parse(text));
      }),
      { numRuns: 400 },
    );
  });

  it('after a good file leaves routes that are all valid, none twice', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const merged = mergeLastGood(GOOD, parse(text));
        const claims = merged.definitions.flatMap((route) =>
          route.hosts.map((host) => host + route.path + matchHash(route)),
        );
        expect(new Set(claims).size).toBe(claims.length);
        expect(merged.definitions.every(({ hosts }) => hosts.length > 0)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
