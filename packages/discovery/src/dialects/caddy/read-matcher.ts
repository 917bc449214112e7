import type { Condition } from '@dproxy/core';
import { argumentsOf, isMatcher, nameOf, type Block } from './block.ts';
import { MatcherProblem, readMatcherSet } from './matcher-set.ts';
import { pathCondition, type SeenPath } from './path-matcher.ts';
import type { Report } from './report.ts';

/** The named matchers that a line can see. */
export type Matchers = ReadonlyMap<string, Block>;

/** A directive with its matcher read. */
export interface Matched {
  /** Null: every request. */
  readonly condition: Condition | null;
  /** The path of a matcher that is one path only; empty: none. By it Caddy sorts. */
  readonly path: string;
  readonly hasMatcher: boolean;
  /** What follows the matcher. */
  readonly values: readonly string[];
}

/** @returns undefined when it cannot be used, which was reported */
export function readMatcher(block: Block, matchers: Matchers, seen: SeenPath, report: Report): Matched | undefined {
  const { token, values } = splitMatcher(block);
  if (token === '' || token === '*') return { condition: null, path: '', hasMatcher: false, values };
  const named = matchers.get(token);
  try {
    if (token.startsWith('@')) {
      if (named === undefined) throw new MatcherProblem(`${token} is not defined`);
      return { condition: readMatcherSet(named, seen), path: singlePath(token, matchers), hasMatcher: true, values };
    }
    const condition = pathCondition(token, seen);
    if (condition === undefined) throw new MatcherProblem(`the path ${token}${whyNot(seen)}`);
    return { condition, path: token, hasMatcher: true, values };
  } catch (error) {
    if (!(error instanceof MatcherProblem)) throw error;
    report.refuse(named ?? block, `${error.message} cannot be matched`, EXPECTED);
    return undefined;
  }
}

const EXPECTED =
  'path, path_regexp, method, header, header_regexp, host, query, protocol, remote_ip, client_ip and not; or a route in dproxy.yml';

/** By which Caddy sorts lines of one directive. */
export function singlePath(token: string, matchers: Matchers): string {
  if (token.startsWith('/')) return token;
  const lines = matchers.get(token);
  if (lines === undefined) return '';
  const [, ...line] = lines.keys;
  const paths = [line, ...lines.children.map(({ keys }) => keys)].filter(([kind]) => kind === 'path');
  const [only] = paths;
  return paths.length === 1 && only?.length === 2 ? (only[1] ?? '') : '';
}

export function splitMatcher(block: Block): { readonly token: string; readonly values: readonly string[] } {
  const [first = '', ...rest] = argumentsOf(block);
  const isToken = first === '*' || first.startsWith('/') || first.startsWith('@');
  // `redir /new` and `rewrite /new` have a target alone.
  const isTarget = rest.length === 0 && first.startsWith('/') && TARGET_FIRST.has(nameOf(block));
  return isToken && !isTarget ? { token: first, values: rest } : { token: '', values: argumentsOf(block) };
}

const TARGET_FIRST: ReadonlySet<string> = new Set(['redir', 'rewrite']);

/** Those of a block, beside those of the blocks around it. */
export function withMatchers(outer: Matchers, blocks: readonly Block[]): Matchers {
  return new Map([...outer, ...blocks.filter(isMatcher).map((block) => [nameOf(block), block] as const)]);
}

function whyNot(seen: SeenPath): string {
  return seen.type === 'rewritten' ? ' behind a rewrite' : '';
}
