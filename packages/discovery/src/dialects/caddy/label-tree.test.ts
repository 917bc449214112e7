import { describe, expect, it } from 'vitest';
import type { Block } from './block.ts';
import { isTreeLabel, readLabelTree } from './label-tree.ts';
import { splitArguments } from './tokens.ts';

/** The Caddyfile that labels stand for, a line for each block. */
function linesOf(labels: Readonly<Record<string, string>>): readonly string[] {
  const { tops } = readLabelTree(new Map(Object.entries(labels)), 'caddy');
  return tops.flatMap((top) => write(top, ''));
}

function write({ keys, children }: Block, indent: string): readonly string[] {
  return [`${indent}${keys.join('|')}`, ...children.flatMap((child) => write(child, `${indent}  `))];
}

describe('readLabelTree', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['dots as levels', { caddy: 'a.test', 'caddy.x.y': 'v w', 'caddy.x': 'u' }, ['a.test', '  x|u', '    y|v|w']],
    [
      'names in the order of the alphabet',
      { caddy: 'a', 'caddy.bbb': 'v', 'caddy.aaa': 'v' },
      ['a', '  aaa|v', '  bbb|v'],
    ],
    [
      'numbers in front as an order, without one last',
      { caddy: 'a', 'caddy.10_b': '', 'caddy.2_c': '', 'caddy.a': '' },
      ['a', '  c', '  b', '  a'],
    ],
    [
      'numbers behind as blocks of their own',
      { caddy: 'a', 'caddy.g_1.x': '1', 'caddy.g_2.y': '2' },
      ['a', '  g', '    x|1', '  g', '    y|2'],
    ],
    [
      'one number in front as one block',
      { caddy: 'a', 'caddy.3_m.a': 'v', 'caddy.3_m.b': 'v' },
      ['a', '  m', '    a|v', '    b|v'],
    ],
    [
      'matchers first',
      { caddy: 'a', 'caddy.respond': '@m 200', 'caddy.@m.path': '/a /b', 'caddy.1_tls': 'internal' },
      ['a', '  @m', '    path|/a|/b', '  tls|internal', '  respond|@m|200'],
    ],
    [
      'escaped dots as dots',
      { caddy: 'a', 'caddy.domains.my\\.test': 'v', 'caddy.basic_auth.a\\.b': 'h' },
      ['a', '  basic_auth', '    a.b|h', '  domains', '    my.test|v'],
    ],
    [
      'snippets and global options before sites',
      { caddy_0: 'a.test', 'caddy_0.import': 's', caddy_1: '(s)', 'caddy_1.tls': 'internal', 'caddy_2.email': 'e' },
      ['', '  email|e', '(s)', '  tls|internal', 'a.test', '  import|s'],
    ],
    ['templates that are empty', { caddy: 'a', 'caddy.x': '{{""}}' }, ['a', '  x']],
    [
      'whitespace, line ends and quotes as arguments',
      { caddy: 'a', 'caddy.x': '/ `Hello\nWorld` 200\n "a b"' },
      ['a', '  x|/|Hello\nWorld|200|a b'],
    ],
  ])('reads %s', (_what, labels, lines) => {
    expect(linesOf(labels)).toEqual(lines);
  });

  it.each(['{{invalid}}', '{{.Name}}', 'a {{upstreams', '{{upstreams ftp 80}}', 'nul \u0000'])(
    'reports %j and takes no part of it for an argument',
    (value) => {
      const { tops, problems } = readLabelTree(new Map([['caddy.x', value]]), 'caddy');
      expect(problems).toHaveLength(1);
      expect(tops[0]?.children[0]?.keys.join(' ')).not.toContain('upstreams');
    },
  );

  it('refuses labels without a place, and takes names that reach into prototypes for names', () => {
    const { problems } = readLabelTree(new Map([['caddy..x', '']]), 'caddy');
    expect(problems).toHaveLength(1);
    expect(linesOf({ 'caddy.__proto__.x': 'v', 'caddy.constructor': '' })).toEqual([
      '',
      '  __proto__',
      '    x|v',
      '  constructor',
    ]);
  });

  it('is bounded in labels and in depth', () => {
    const many = new Map(Array.from({ length: 2_000 }, (_, index) => [`caddy.x_${index}`, 'v'] as const));
    expect(readLabelTree(many, 'caddy').problems).toHaveLength(1);
    expect(readLabelTree(new Map([[`caddy${'.x'.repeat(500)}`, 'v']]), 'caddy').problems).toHaveLength(1);
  });
});

it.each([
  ['caddy', true],
  ['caddy_1', true],
  ['caddy.x', true],
  ['caddy_1.x', true],
  ['caddy_ingress_network', false],
  ['caddyx', false],
  ['xcaddy', false],
])('takes the label %s for a part of the tree: %s', (label, isOne) => {
  expect(isTreeLabel(label, 'caddy')).toBe(isOne);
});

describe('splitArguments', () => {
  it.each([
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    ['"a b" "cd"', ['a b', 'cd']],
    ['`{"some":"json"}`', ['{"some":"json"}']],
    ['"a\\"b"', ['a"b']],
    ['"a', ['a']],
    ['a"', ['a"']],
    ['a # b c\nd', ['a', 'd']],
    ['a#b', ['a#b']],
    ['""', ['']],
    ['', []],
  ])('splits %j', (text, tokens) => {
    expect(splitArguments(text)).toEqual(tokens);
  });
});
