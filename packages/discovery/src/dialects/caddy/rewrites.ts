import { compilePattern, PatternError, type Filter } from '@dproxy/core';
import type { Block } from './block.ts';
import { literal, type SeenPath } from './path-matcher.ts';
import type { Report } from './report.ts';

/** A change of the path, and what matchers behind it would see. */
export interface Rewrite {
  readonly filters: readonly Filter[];
  readonly seen: SeenPath;
}

const REWRITTEN: SeenPath = { type: 'rewritten' };
const PATH_WORDS = /\{(?:path|uri|http\.request\.uri(?:\.path)?)\}/;

/** `rewrite [matcher] /to`, with `{path}` or `{uri}` in it. */
export function readRewrite(block: Block, values: readonly string[], seen: SeenPath, report: Report): Rewrite {
  const [to = '', ...more] = values;
  const filter = more.length === 0 ? rewriteTo(to) : undefined;
  if (filter === undefined) {
    report.refuse(
      block,
      'a rewrite that dproxy does not do',
      'a path, in which {path} or {uri} may stand once; no query',
    );
    return { filters: [], seen };
  }
  return { filters: filter === null ? [] : [filter], seen: filter === null ? seen : REWRITTEN };
}

/** Null: nothing changes. */
function rewriteTo(to: string): Filter | null | undefined {
  const parts = to.split(PATH_WORDS);
  const [before = '', after = ''] = parts;
  if (parts.length > 2 || /[{}?#\s\p{Cc}]/u.test(parts.join(''))) return undefined;
  if (parts.length === 1) return to.startsWith('/') ? { type: 'replacePath', path: to } : undefined;
  if (before !== '' && !before.startsWith('/')) return undefined;
  if (after === '')
    return before.replace(/\/$/, '') === '' ? null : { type: 'addPrefix', prefix: before.replace(/\/$/, '') };
  return { type: 'replacePathPattern', pattern: '^.*$', replacement: `${dollars(before)}$0${dollars(after)}` };
}

/** `uri [matcher] strip_prefix|strip_suffix|replace|path_regexp ...` */
export function readUri(block: Block, values: readonly string[], seen: SeenPath, report: Report): Rewrite {
  const rewrite = uriChange(values);
  if (rewrite !== undefined) return { filters: [rewrite], seen: REWRITTEN };
  const expected = 'strip_prefix, strip_suffix, replace without a limit, or path_regexp; of the path, not of the query';
  report.refuse(block, 'a change of the URI that dproxy does not do', expected);
  return { filters: [], seen };
}

function uriChange([operation = '', target = '', replacement = '', ...more]: readonly string[]): Filter | undefined {
  if (target === '' || more.length > 0 || /[{}?#\p{Cc}]/u.test(target + replacement)) return undefined;
  switch (operation) {
    case 'strip_prefix':
      return replacement === '' ? stripPrefix(target.startsWith('/') ? target : `/${target}`) : undefined;
    case 'strip_suffix':
      if (replacement !== '') return undefined;
      return { type: 'replacePathPattern', pattern: `${literal(target)}$`, replacement: '' };
    case 'replace':
      return { type: 'replacePathPattern', pattern: literal(target), replacement: dollars(replacement) };
    case 'path_regexp':
      return isPattern(target) ? { type: 'replacePathPattern', pattern: target, replacement } : undefined;
    default:
      return undefined;
  }
}

/** In both cases of letters, as the matcher of the path. */
export function stripPrefix(prefix: string): Filter {
  return { type: 'stripPrefixPattern', patterns: [`(?i)${literal(prefix)}`] };
}

function isPattern(pattern: string): boolean {
  try {
    compilePattern(pattern);
    return true;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

/** A dollar sign that is one. */
export function dollars(text: string): string {
  return text.replaceAll('$', '$$$$');
}
