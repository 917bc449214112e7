import { isMatcher, nameOf, type Block } from './block.ts';
import {
  harmlessInstead,
  isAccepted,
  isDirective,
  KNOWN_DIRECTIVES,
  rankOf,
  type DirectiveName,
} from './directives.ts';
import { isUnreadable } from './label-tree.ts';
import { singlePath, splitMatcher, type Matchers } from './read-matcher.ts';
import type { Report } from './report.ts';

/** A directive at its place. */
export interface Line {
  readonly name: DirectiveName;
  readonly block: Block;
  readonly rank: number;
  /** By which Caddy sorts lines of one directive; empty: none. */
  readonly path: string;
  readonly hasMatcher: boolean;
}

/** Directives with which a site has nothing to do with requests. */
const OF_SITES: ReadonlySet<string> = new Set(['tls']);

/**
 * The directives of a block in the order in which Caddy runs them.
 *
 * @param isLiteral as they stand, as in `route`
 */
export function linesOf(
  blocks: readonly Block[],
  matchers: Matchers,
  isLiteral: boolean,
  report: Report,
): readonly Line[] {
  const lines = blocks.flatMap((block) => lineOf(block, matchers, report) ?? []);
  return isLiteral ? lines : lines.toSorted(compareLines);
}

function lineOf(block: Block, matchers: Matchers, report: Report): Line | undefined {
  const name = nameOf(block);
  if (isMatcher(block) || OF_SITES.has(name) || isAccepted(name)) return undefined;
  const instead = harmlessInstead(name);
  if (instead !== undefined) {
    report.note(block, `${name} is not done by dproxy`, instead);
  } else if (!isDirective(name)) {
    report.refuse(block, `${name} is not done by dproxy`, KNOWN_DIRECTIVES);
  } else if (isUnreadable(block)) {
    report.refuse(block, 'a template that cannot be read', '{{upstreams [http|https|h2c] [port]}}');
  } else {
    const { token } = splitMatcher(block);
    const path = singlePath(token, matchers);
    return { name, block, rank: rankOf(name), path, hasMatcher: token !== '' && token !== '*' };
  }
  return undefined;
}

/** By directive; within one the longer path first, then what has a matcher at all. */
function compareLines(a: Line, b: Line): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.path === '' || b.path === '') return Number(b.hasMatcher) - Number(a.hasMatcher);
  const [left, right] = [a.path.replace(/\*$/, ''), b.path.replace(/\*$/, '')];
  if (left === right) return a.path.length - b.path.length;
  return right.length - left.length || (left < right ? -1 : 1);
}
