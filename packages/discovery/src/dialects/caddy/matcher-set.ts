import { canonicalFieldName, canonicalHost, compilePattern, PatternError, type Condition } from '@dproxy/core';
import { type Block, argumentsOf, nameOf } from './block.ts';
import { clientRanges } from './client-ranges.ts';
import { pathCondition, type SeenPath } from './path-matcher.ts';

const MAX_DEPTH = 4;

/** Why a matcher cannot be used. */
export class MatcherProblem extends Error {
  override readonly name = 'MatcherProblem';
}

/**
 * The condition of a named matcher: what stands in it must all hold.
 *
 * @returns null: every request
 * @throws MatcherProblem
 */
export function readMatcherSet(block: Block, seen: SeenPath): Condition | null {
  return allOf(linesOf(block), seen, 0);
}

/** `@m path /a` in one line, or lines below it. */
function linesOf(block: Block): readonly Block[] {
  const [, ...line] = block.keys;
  return line.length === 0 ? block.children : [{ ...block, keys: line }];
}

function allOf(lines: readonly Block[], seen: SeenPath, depth: number): Condition | null {
  if (depth > MAX_DEPTH) throw new MatcherProblem('matchers in matchers, and so on');
  if (lines.length === 0) throw new MatcherProblem('a matcher without conditions');
  const of = [...merged(lines)].flatMap(([name, sameName]) => {
    const condition = conditionOf(name, sameName, seen, depth);
    return condition === null ? [] : [condition];
  });
  return conjunction(of);
}

/** Lines of one kind are one matcher: their values are alternatives. */
function merged(lines: readonly Block[]): ReadonlyMap<string, readonly Block[]> {
  const byName = new Map<string, readonly Block[]>();
  for (const line of lines) byName.set(nameOf(line), [...(byName.get(nameOf(line)) ?? []), line]);
  return byName;
}

function conditionOf(name: string, lines: readonly Block[], seen: SeenPath, depth: number): Condition | null {
  const values = lines.flatMap(argumentsOf);
  switch (name) {
    case 'path':
      return anyOf(values, (value) => pathCondition(value, seen));
    case 'path_regexp':
      if (seen.type !== 'stripped' || seen.prefix !== '') throw new MatcherProblem('path_regexp of a changed path');
      return { type: 'pathPattern', pattern: checkedPattern(values.at(-1)) };
    case 'host':
      return anyOf(values, hostCondition);
    case 'method':
      return { type: 'method', methods: nonEmpty(values).map((value) => value.toUpperCase()) };
    case 'header':
      return headerConditions(lines);
    case 'header_regexp':
      return headerPattern(values);
    case 'query':
      return queryConditions(values);
    case 'protocol':
      return protocolCondition(values);
    case 'remote_ip':
    case 'client_ip': {
      const ranges = clientRanges(values.filter((value) => value !== 'forwarded'));
      if (ranges === undefined) throw new MatcherProblem(`${name} with something that is no address block`);
      return { type: 'client', ranges };
    }
    case 'not':
      return noneOf(lines, seen, depth);
    default:
      throw new MatcherProblem(`the matcher ${name}`);
  }
}

/** Each `not` is a set of its own; a request that one of them takes is not meant. */
function noneOf(lines: readonly Block[], seen: SeenPath, depth: number): Condition {
  const of = lines.map((line) => {
    const inner = allOf(linesOf(line), seen, depth + 1);
    if (inner === null) throw new MatcherProblem('not of every request');
    return inner;
  });
  return { type: 'none', of };
}

function hostCondition(raw: string): Condition | undefined {
  const host = canonicalHost(raw);
  return host === undefined ? undefined : { type: 'host', host };
}

/** Other names must hold together, values of the same name are alternatives. */
function headerConditions(lines: readonly Block[]): Condition | null {
  const byName = new Map<string, Condition[]>();
  for (const line of lines) {
    const [raw = '', value, ...more] = argumentsOf(line);
    if (more.length > 0) throw new MatcherProblem('header with more than a name and a value');
    const isAbsent = raw.startsWith('!');
    const name = canonicalFieldName(isAbsent ? raw.slice(1) : raw);
    if (name === undefined) throw new MatcherProblem('header without a name');
    const found: Condition = isAbsent
      ? { type: 'none', of: [{ type: 'header', name, value: null }] }
      : headerCondition(name, value);
    byName.set(name, [...(byName.get(name) ?? []), found]);
  }
  return conjunction([...byName.values()].map(disjunction));
}

function headerCondition(name: string, value: string | undefined): Condition {
  if (value === undefined || value === '*') return { type: 'header', name, value: null };
  if (/[{}]/.test(value)) throw new MatcherProblem('a placeholder in header');
  const inner = value.replace(/^\*/, '').replace(/\*$/, '');
  if (inner === value) return { type: 'header', name, value };
  const start = value.startsWith('*') ? '' : '^';
  const end = value.endsWith('*') ? '' : '$';
  return { type: 'headerPattern', name, pattern: `${start}${quoted(inner)}${end}` };
}

function headerPattern(values: readonly string[]): Condition {
  const [raw = '', pattern, ...more] = values.length === 3 ? values.slice(1) : values;
  const name = canonicalFieldName(raw);
  if (name === undefined || more.length > 0) throw new MatcherProblem('header_regexp without a name and a pattern');
  return { type: 'headerPattern', name, pattern: checkedPattern(pattern) };
}

/** `name=value`; `*` is every value. Those of one name are alternatives. */
function queryConditions(values: readonly string[]): Condition | null {
  const byName = new Map<string, Condition[]>();
  for (const pair of nonEmpty(values)) {
    const equals = pair.indexOf('=');
    if (equals < 1 || /[{}]/.test(pair)) throw new MatcherProblem('query without name=value');
    const name = pair.slice(0, equals);
    const value = pair.slice(equals + 1);
    if (value !== '*' && value.includes('*')) throw new MatcherProblem('query with "*" in a value');
    const condition: Condition = { type: 'query', name, value: value === '*' ? null : value };
    byName.set(name, [...(byName.get(name) ?? []), condition]);
  }
  return conjunction([...byName.values()].map(disjunction));
}

function protocolCondition([value]: readonly string[]): Condition {
  if (value === 'https' || value === 'http') return { type: 'encrypted', is: value === 'https' };
  if (value === 'grpc') return { type: 'headerPattern', name: 'content-type', pattern: '^application/grpc' };
  throw new MatcherProblem(`protocol ${value ?? ''}`);
}

/** One of several; null where one of them takes everything. */
function anyOf(values: readonly string[], read: (value: string) => Condition | null | undefined): Condition | null {
  const of = nonEmpty(values).map((value) => {
    const condition = read(value);
    if (condition === undefined) throw new MatcherProblem(`"${value}"`);
    return condition;
  });
  const conditions = of.filter((condition) => condition !== null);
  return conditions.length < of.length ? null : disjunction(conditions);
}

export function conjunction(of: readonly Condition[]): Condition | null {
  const [only] = of;
  if (only === undefined) return null;
  return of.length === 1 ? only : { type: 'all', of };
}

function disjunction(of: readonly Condition[]): Condition {
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { type: 'any', of };
}

function nonEmpty(values: readonly string[]): readonly string[] {
  if (values.length === 0) throw new MatcherProblem('a matcher without a value');
  return values;
}

function checkedPattern(pattern: string | undefined): string {
  try {
    return compilePattern(pattern ?? '').source;
  } catch (error) {
    if (error instanceof PatternError) throw new MatcherProblem(`a pattern: ${error.message}`, { cause: error });
    throw error;
  }
}

function quoted(text: string): string {
  return text.replaceAll(/[.+?^|()[\]{}\\$*]/g, '\\$&');
}
