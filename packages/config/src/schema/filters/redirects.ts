import { z } from 'zod';
import { field, flag, integer, required, section, text, words } from '../field.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { pattern } from './pattern.ts';

const permanent = () =>
  field(flag(), {
    meaning: 'false: 302 for GET and HEAD, 307 for other methods. true: 301 and 308',
    default: 'false',
    danger: 'browsers keep a permanent redirect for ever',
  });

/** `redirectScheme` */
export function redirectScheme() {
  const scheme = () => words(['http', 'https']);
  const detailed = section({
    scheme: required(scheme(), { meaning: 'http or https; requests that have it already pass' }),
    port: field(integer(0, 65_535), {
      meaning: 'Public port in the new URL',
      default: "0, the scheme's own",
      zero: "the scheme's own",
    }),
    permanent: permanent(),
  }).transform((value): FilterDraft =>
    draftOf({
      type: 'redirectScheme',
      scheme: value.scheme,
      port: value.port ?? 0,
      permanent: value.permanent ?? false,
    }),
  );
  const short = scheme().transform((value): FilterDraft =>
    draftOf({ type: 'redirectScheme', scheme: value, port: 0, permanent: false }),
  );
  return z.union([short, detailed], { error: 'http or https, or {scheme, port, permanent}' });
}

/** `redirectPattern` */
export function redirectPattern() {
  return section({
    pattern: required(pattern(), {
      meaning: 'Regular expression (RE2) of the whole URL as the client sees it; requests that do not match pass',
    }),
    replacement: required(replacement(), { meaning: 'The new URL; $1 and ${name} stand for groups of the pattern' }),
    permanent: permanent(),
  }).transform((value): FilterDraft =>
    draftOf({
      type: 'redirectPattern',
      pattern: value.pattern,
      replacement: value.replacement,
      permanent: value.permanent ?? false,
    }),
  );
}

/** What stands for the matched part; one line, or it could begin a header of its own. */
export function replacement() {
  const expected = 'a text without spaces and control characters, such as https://$1';
  return text(expected).refine((value) => !/[^\x21-\uffff]|\x7f/.test(value), { error: expected });
}
