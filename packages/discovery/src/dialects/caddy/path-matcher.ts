import type { Condition } from '@dproxy/core';

/**
 * What happened to the path before a matcher looks at it. Conditions see the path as the client sent it, matchers of Caddy as
 * it is by then.
 */
export type SeenPath =
  | { readonly type: 'stripped'; readonly prefix: string }
  /** In a way that cannot be undone. */
  | { readonly type: 'rewritten' };

export const UNTOUCHED: SeenPath = { type: 'stripped', prefix: '' };

/** Characters that a client may send as an escape as well: the canonical path keeps them as they came. */
const ESCAPABLE = /[!$&'()*+,;=:@]/;

/**
 * A path as Caddy matches it: the whole path unless it has a `*`, which is any text at the ends and any but "/" between; in
 * both cases of letters, because a file system behind it may take both.
 *
 * @returns null: every path. undefined: a pattern that is not understood
 */
export function pathCondition(pattern: string, seen: SeenPath): Condition | null | undefined {
  if (pattern === '*' || (pattern === '/*' && seen.type === 'stripped' && seen.prefix === '')) return null;
  if (seen.type === 'rewritten' || /[?[\]\\{}\p{Cc}]/u.test(pattern)) return undefined;
  const isSuffix = pattern.startsWith('*');
  if (!isSuffix && !pattern.startsWith('/')) return undefined;
  const whole = isSuffix ? pattern : seen.prefix + pattern;
  return { type: 'pathPattern', pattern: `(?i)${expressionOf(whole)}` };
}

function expressionOf(pattern: string): string {
  const inner = pattern.replace(/^\*/, '').replace(/\*$/, '');
  const stars = inner.split('*').length - 1;
  const start = pattern.startsWith('*') ? '' : '^';
  const end = pattern.endsWith('*') ? '' : '$';
  // With a third "*" between, those at the ends stop at a "/" as well.
  if (stars > 0) return `^${pattern.split('*').map(literal).join('[^/]*')}$`;
  return `${start}${literal(inner)}${end}`;
}

/** As a regular expression of the canonical path. */
export function literal(text: string): string {
  return Array.from(text.replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent), (character) => {
    if (!ESCAPABLE.test(character)) return character.replace(/[.+?^|()[\]{}\\$*]/, '\\$&');
    const escape = `%${character.charCodeAt(0).toString(16)}`;
    return `(?:\\${character}|${escape})`.replace("\\'", "'").replace(/\\([&=:@,;!])/, '$1');
  }).join('');
}
