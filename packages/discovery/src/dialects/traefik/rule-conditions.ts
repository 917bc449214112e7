import {
  canonicalFieldName,
  canonicalPath,
  compileCidrs,
  compilePattern,
  PatternError,
  type Condition,
} from '@dproxy/core';
import { readHostname } from '../label-values.ts';
import { RuleError } from './rule-error.ts';
import type { Matcher, RuleTree } from './rule-parser.ts';

/** What a matcher asks of one value, or of a key and a value. */
type Reader = (matcher: Matcher) => Condition;

const HTTP: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['Host', anyOf(host)],
  ['HostRegexp', anyOf((raw, at) => ({ type: 'hostPattern', pattern: pattern(raw, at) }))],
  ['Path', anyOf((raw, at) => ({ type: 'path', kind: 'exact', path: path(raw, at) }))],
  ['PathPrefix', anyOf((raw, at) => ({ type: 'path', kind: 'prefix', path: path(raw, at) }))],
  ['PathRegexp', anyOf((raw, at) => ({ type: 'pathPattern', pattern: pattern(raw, at) }))],
  ['Method', methods],
  ['Header', keyed((name, value, at) => ({ type: 'header', name: fieldName(name, at), value }))],
  [
    'HeaderRegexp',
    keyed((name, raw, at) => ({ type: 'headerPattern', name: fieldName(name, at), pattern: pattern(raw, at) })),
  ],
  ['Query', query],
  ['QueryRegexp', queryPattern],
  ['ClientIP', clients],
]);

export const HTTP_MATCHERS: readonly string[] = [...HTTP.keys()];

/**
 * What a rule asks of a request.
 *
 * @throws RuleError for a matcher whose values cannot be used
 */
export function conditionOf(tree: RuleTree): Condition {
  switch (tree.type) {
    case 'and':
      return { type: 'all', of: tree.of.map(conditionOf) };
    case 'or':
      return { type: 'any', of: tree.of.map(conditionOf) };
    case 'not':
      return { type: 'none', of: [conditionOf(tree.of)] };
    case 'matcher':
      return read(tree);
    default:
      return tree satisfies never;
  }
}

function read(matcher: Matcher): Condition {
  const reader = HTTP.get(matcher.name);
  if (reader === undefined) throw new RuleError(matcher.column, matcher.name, `one of: ${HTTP_MATCHERS.join(', ')}`);
  return reader(matcher);
}

/** Traefik 2 took several values, which people still have in their files: one of them. */
function anyOf(readOne: (raw: string, column: number) => Condition): Reader {
  return ({ values, column }) => {
    const parts = values.map((value) => readOne(value, column));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'any', of: parts };
  };
}

function keyed(readPair: (key: string, value: string, column: number) => Condition): Reader {
  return ({ name, values, column }) => {
    const [key, value] = values;
    if (key === undefined || value === undefined || values.length > 2) {
      throw new RuleError(column, `${name} with ${values.length} values`, `${name}(\`name\`, \`value\`)`);
    }
    return readPair(key, value, column);
  };
}

function host(raw: string, column: number): Condition {
  if (raw === '*') return { type: 'all', of: [] };
  const name = readHostname(raw.trim());
  if (name === undefined)
    throw new RuleError(column, raw, 'a host such as example.com or *.example.com, without a port');
  return { type: 'host', host: name };
}

/** A slash at the end counts, unlike in paths of our own, because these are compared character by character. */
function path(raw: string, column: number): string {
  const wrong = (expected: string): RuleError => new RuleError(column, raw, expected);
  if (!raw.startsWith('/')) throw wrong('a path that begins with /');
  if (raw.includes('{')) throw wrong('a path as it is; PathRegexp is for patterns (braces are syntax of Traefik 2)');
  const isLiteral = raw.isWellFormed() && !/[?#\\;]|%(?![0-9A-Fa-f]{2})/.test(raw);
  const hasDots = /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(raw);
  const canonical =
    isLiteral && !hasDots ? canonicalPath(raw.replace(/[^\x21-\x7e]+/g, encodeURIComponent)) : undefined;
  if (canonical === undefined) throw wrong('a path without ?, #, ;, backslash and dot segments');
  return canonical;
}

function pattern(raw: string, column: number): string {
  // `{name:expression}`: a pattern of Traefik 2, which RE2 would read as plain characters.
  if (/\{[A-Za-z_]\w*:/.test(raw)) {
    throw new RuleError(
      column,
      raw,
      'a regular expression such as ^[a-z]+\\.example\\.com$ (braces with a name are syntax of Traefik 2)',
    );
  }
  try {
    compilePattern(raw);
    return raw;
  } catch (error) {
    if (error instanceof PatternError) throw new RuleError(column, `${raw}: ${error.message}`, error.expected);
    throw error;
  }
}

function methods({ values, column }: Matcher): Condition {
  const upper = values.map((value) => value.trim().toUpperCase());
  const wrong = upper.find((value) => !/^[A-Z][A-Z_-]{0,31}$/.test(value));
  if (wrong !== undefined) throw new RuleError(column, wrong, 'a method such as GET');
  return { type: 'method', methods: upper };
}

function fieldName(raw: string, column: number): string {
  const name = canonicalFieldName(raw.trim());
  if (name === undefined) throw new RuleError(column, raw, 'the name of a header');
  return name;
}

/** Without a value: the parameter is there and has none, as in `?mobile`. */
function query({ values, column }: Matcher): Condition {
  const [name = '', value = ''] = values;
  if (values.length > 2) throw new RuleError(column, `Query with ${values.length} values`, 'Query(`name`, `value`)');
  return { type: 'query', name, value };
}

function queryPattern(matcher: Matcher): Condition {
  if (matcher.values.length === 1) return query(matcher);
  return keyed((name, raw, at) => ({ type: 'queryPattern', name, pattern: pattern(raw, at) }))(matcher);
}

function clients({ values, column }: Matcher): Condition {
  return { type: 'client', ranges: readRanges(values, column) };
}

export function readRanges(values: readonly string[], column: number): readonly string[] {
  const ranges = values.map((value) => value.trim());
  try {
    compileCidrs(ranges);
    return ranges;
  } catch (error) {
    if (error instanceof RangeError)
      throw new RuleError(column, ranges.join(', '), 'addresses or networks such as 192.0.2.0/24');
    throw error;
  }
}
