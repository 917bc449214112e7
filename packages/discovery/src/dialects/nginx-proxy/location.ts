import { canonicalRoutePath } from '@dproxy/core';
import type { LabelProblem } from '../dialect.ts';
import { problem, show } from './_problems.ts';
import { EXPECTED_PATTERN, whyNoPattern } from './server-name.ts';

/** VIRTUAL_PATH as nginx reads it after `location`. `text` is how it was written: htpasswd files are named after its SHA-1. */
export type Location =
  /** `/api`: characters, so that it takes `/apis`. `isFinal` (`^~ /api`): no pattern is tried after it. */
  | { readonly type: 'prefix'; readonly text: string; readonly path: string; readonly isFinal: boolean }
  /** `= /api` */
  | { readonly type: 'exact'; readonly text: string; readonly path: string }
  /** `~ ^/(a|b)/`; `~*` without regard to case. */
  | { readonly type: 'pattern'; readonly text: string; readonly pattern: string };

const EXPECTED = 'a path such as /api, = /api, ^~ /api or ~ ^/(a|b)/';

export function readLocation(name: string, text: string): Location | LabelProblem {
  const [, modifier = '', rest = ''] = /^(=|\^~|~\*|~)?\s*(.*)$/s.exec(text) ?? [];
  if (modifier === '~' || modifier === '~*') return readPattern(name, text, modifier === '~*' ? `(?i)${rest}` : rest);
  const path = readPath(rest);
  if (path === undefined) return problem(`${name}=${show(text)} cannot be used`, EXPECTED);
  return modifier === '=' ? { type: 'exact', text, path } : { type: 'prefix', text, path, isFinal: modifier !== '' };
}

function readPattern(name: string, text: string, pattern: string): Location | LabelProblem {
  const why = pattern === '' ? 'it is empty' : whyNoPattern(pattern);
  if (why === undefined) return { type: 'pattern', text, pattern };
  return problem(`${name}=${show(text)} cannot be used: ${why}`, EXPECTED_PATTERN);
}

/** Canonical, but a slash at the end means something here: `/app/` does not take `/app`. */
function readPath(raw: string): string | undefined {
  // To nginx a blank ends the path; escaped it would match something else here.
  if (/[\s\p{Cc}]/u.test(raw)) return undefined;
  const path = canonicalRoutePath(raw);
  return path !== undefined && path !== '/' && raw.endsWith('/') ? `${path}/` : path;
}
