import { z } from 'zod';
import { canonicalFieldName, type CorsFilter } from '@dproxy/core';
import { field, flag, oneOrMore, readable, section, type Read } from '../field.ts';
import { duration } from '../units.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { pattern } from './pattern.ts';

const ORIGIN = 'an origin such as https://app.example.com, or "*" for all';
const METHOD = 'a method such as GET, or "*"';
const NAME = 'a header name, or "*"';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

const names = () => oneOrMore(readable(NAME, readName), NAME);

/** `cors` */
export function cors() {
  const origins = () => oneOrMore(readable(ORIGIN, readOrigin), ORIGIN);
  const detailed = section({
    origins: field(origins(), {
      meaning: 'Origins whose pages may read the answers: https://app.example.com, a list, or "*" for all',
      default: 'none',
    }),
    originPatterns: field(oneOrMore(pattern(), 'a regular expression'), {
      meaning: 'The same as regular expressions (RE2), matched anywhere in the origin unless they are anchored',
      default: 'none',
      danger: 'example.com without ^https:// and $ also matches https://example.com.evil.test',
    }),
    methods: field(oneOrMore(readable(METHOD, readMethod), METHOD), {
      meaning: 'Methods that are allowed',
      default: METHODS.join(', '),
    }),
    headers: field(names(), { meaning: 'Headers of requests that are allowed', default: 'none beside the harmless' }),
    exposed: field(names(), { meaning: 'Headers of answers that pages may read', default: 'none beside the harmless' }),
    credentials: field(flag(), {
      meaning: 'Whether cookies go with such requests',
      default: 'false',
      danger: 'every page of these origins acts as the user who looks at it; not with the origin "*"',
    }),
    maxAge: field(duration(0), {
      meaning: 'How long a browser keeps the answer to a preflight request, in ms or as 10m; whole seconds count',
      default: 'not said, 5 s in most browsers',
      zero: 'not at all',
    }),
    vary: field(flag(), { meaning: 'Whether answers have vary: origin, for caches', default: 'true' }),
  })
    .superRefine(({ origins: list, originPatterns, credentials }, context) => {
      if (list === undefined && originPatterns === undefined) {
        const problem = 'neither origins nor originPatterns';
        context.addIssue({ code: 'custom', message: ORIGIN, params: { problem } });
      }
      // Fetch standard: "*" means nothing with credentials; echoing every origin would let any page act as the user.
      if (credentials === true && list?.includes('*') === true) {
        const problem = 'credentials for every origin';
        context.addIssue({
          code: 'custom',
          message: 'the origins by name',
          path: ['credentials'],
          params: { problem },
        });
      }
    })
    .transform((value) => draft(value));
  return z.union([origins().transform((list) => draft({ origins: list })), detailed], {
    error: `${ORIGIN}, or {origins, methods, headers, credentials, ...}`,
  });
}

interface Written {
  readonly origins?: string[] | undefined;
  readonly originPatterns?: string[] | undefined;
  readonly methods?: string[] | undefined;
  readonly headers?: string[] | undefined;
  readonly exposed?: string[] | undefined;
  readonly credentials?: boolean | undefined;
  readonly maxAge?: number | undefined;
  readonly vary?: boolean | undefined;
}

function draft(written: Written): FilterDraft {
  const filter: CorsFilter = {
    type: 'cors',
    origins: written.origins ?? [],
    originPatterns: written.originPatterns ?? [],
    methods: written.methods ?? METHODS,
    headers: written.headers ?? [],
    exposed: written.exposed ?? [],
    credentials: written.credentials ?? false,
    maxAgeS: written.maxAge === undefined ? -1 : Math.floor(written.maxAge / 1_000),
    vary: written.vary ?? true,
  };
  return draftOf(filter);
}

/** As browsers write it: scheme and host in lower case, no port that is the scheme's own, nothing behind. */
function readOrigin(raw: string): Read<string> {
  if (raw === '*' || raw === 'null') return { value: raw };
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]+\/?$/i.test(raw) || !URL.canParse(raw)) return { problem: 'not an origin' };
  const { origin, protocol, host } = new URL(raw);
  return { value: origin === 'null' ? `${protocol}//${host}` : origin };
}

function readMethod(raw: string): Read<string> {
  const method = raw.toUpperCase();
  return /^(?:[A-Z]{1,32}|\*)$/.test(method) ? { value: method } : { problem: 'not a method' };
}

function readName(raw: string): Read<string> {
  const name = canonicalFieldName(raw);
  return name === undefined ? { problem: 'not a header name' } : { value: name };
}
