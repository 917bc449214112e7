import { field, oneOrMore, required, section } from '../field.ts';
import { z } from 'zod';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { pattern } from './pattern.ts';
import { replacement } from './redirects.ts';
import { targetPath } from './target-path.ts';

const PATHS = 'a path that starts with "/"';

/** `stripPrefix` */
export function stripPrefix() {
  const paths = () => oneOrMore(targetPath(), PATHS);
  const detailed = section({
    prefixes: required(paths(), { meaning: 'Beginnings of paths that are taken away; the first that fits' }),
  });
  return z.union(
    [
      paths().transform((prefixes): FilterDraft => draftOf({ type: 'stripPrefix', prefixes })),
      detailed.transform(({ prefixes }): FilterDraft => draftOf({ type: 'stripPrefix', prefixes })),
    ],
    { error: `${PATHS}, a list, or {prefixes}` },
  );
}

/** `stripPrefixPattern` */
export function stripPrefixPattern() {
  return oneOrMore(pattern(), 'a regular expression such as ^/v[0-9]+').transform((patterns): FilterDraft =>
    draftOf({ type: 'stripPrefixPattern', patterns }),
  );
}

/** `addPrefix` */
export function addPrefix() {
  return targetPath().transform((prefix): FilterDraft => draftOf({ type: 'addPrefix', prefix }));
}

/** `replacePath` */
export function replacePath() {
  return targetPath().transform((path): FilterDraft => draftOf({ type: 'replacePath', path }));
}

/** `replacePathPattern` */
export function replacePathPattern() {
  return section({
    pattern: required(pattern(), { meaning: 'Regular expression (RE2) of the path; where it matches, it is replaced' }),
    replacement: required(replacement(), { meaning: 'The new text; $1 and ${name} stand for groups of the pattern' }),
  }).transform((value): FilterDraft => draftOf({ type: 'replacePathPattern', ...value }));
}

/** `replacePrefix` */
export function replacePrefix() {
  return section({
    from: required(targetPath(), { meaning: 'Beginning of the path; requests with another one pass unchanged' }),
    to: field(targetPath(), { meaning: 'What it becomes', default: '/' }),
  }).transform(({ from, to }): FilterDraft => draftOf({ type: 'replacePrefix', from, to: to ?? '/' }));
}
