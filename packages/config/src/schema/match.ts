import { z } from 'zod';
import { canonicalFieldName, compileCondition, ConditionError, type Condition, type PathMatch } from '@dproxy/core';
import { field, flag, integer, oneOrMore, readable, section, words, type Read } from './field.ts';
import { pattern } from './filters/pattern.ts';
import { cidrs } from './network.ts';

/** What `match` of a route comes to. */
export interface MatchRules {
  readonly pathMatch: PathMatch;
  readonly condition: Condition | null;
}

/** As a route is matched that says nothing. */
export const NO_MATCH: MatchRules = { pathMatch: 'segments', condition: null };

const METHOD = 'a method such as GET';
const HEADER = 'a header name';
const COOKIE = 'the name of a cookie';
const PARAMETER = 'the name of a parameter';
const VALUE = 'a value or a list of them, true (it is there), false (it is absent)';

type Wanted = readonly string[] | boolean | { readonly pattern: string };

const plainValue = () =>
  z.union([z.string().max(4_096), z.number().transform(String)], { error: 'a text of at most 4096 characters' });

const values = () => z.union([flag(), oneOrMore(plainValue(), VALUE)], { error: VALUE });

const valuesOrPattern = () =>
  z.union(
    [
      flag(),
      section({ pattern: pattern().describe('Regular expression (RE2) that its value matches') }),
      oneOrMore(plainValue(), VALUE),
    ],
    { error: `${VALUE}, or {pattern}` },
  );

/** Names, each with what is asked of it. */
function namedValues<V extends z.ZodType<Wanted>>(value: V, expected: string, readName: (raw: string) => Read<string>) {
  return z
    .record(z.string(), value, { error: `a map: ${expected} to ${VALUE}` })
    .transform((record, context): [string, Wanted][] => {
      const pairs: [string, Wanted][] = [];
      for (const [raw, wanted] of Object.entries(record)) {
        const read = readName(raw);
        if ('value' in read) pairs.push([read.value, wanted]);
        else context.addIssue({ code: 'custom', message: expected, path: [raw], params: { problem: read.problem } });
      }
      return pairs;
    });
}

const PARTS = {
  methods: field(oneOrMore(readable(METHOD, readMethod), METHOD), {
    meaning: 'Methods, any of them',
    default: 'all',
  }),
  headers: field(namedValues(valuesOrPattern(), HEADER, readHeaderName), {
    meaning: `Headers of the request to what they must be: ${VALUE}, or {pattern: a regular expression}`,
    default: 'any',
  }),
  cookies: field(namedValues(values(), COOKIE, readCookieName), {
    meaning: `Cookies to what they must be: ${VALUE}`,
    default: 'any',
  }),
  query: field(
    namedValues(valuesOrPattern(), PARAMETER, (raw) => ({ value: raw })),
    {
      meaning: `Parameters behind the ? to what they must be: ${VALUE}, or {pattern: a regular expression}`,
      default: 'any',
    },
  ),
  clients: field(cidrs(), {
    meaning: 'Addresses or address blocks of clients, any of them',
    default: 'all',
    danger: 'behind another proxy every client has its address, unless trustedProxies lists it',
  }),
  hostPattern: field(pattern(), {
    meaning:
      'Regular expression (RE2) that the host name matches, beside host; anywhere in it unless anchored by ^ and $',
    default: 'none',
  }),
  pathPattern: field(pattern(), {
    meaning: 'Regular expression (RE2) that the path matches, beside path; anywhere in it unless anchored by ^ and $',
    default: 'none',
  }),
};

/** `match` of a route. */
export function match() {
  return section({
    path: field(words(['segments', 'prefix', 'exact']), {
      meaning:
        'How path is compared: in whole segments (/api takes /api/x, not /apis), as a prefix of characters (/api takes /apis), or exact',
      default: 'segments',
    }),
    ...PARTS,
    not: field(section(PARTS), { meaning: 'The same keys without path: none of them may hold', default: 'none' }),
  }).transform(({ path, not, ...parts }, context): MatchRules => {
    const all = conditionsOf(parts);
    const none = not === undefined ? [] : conditionsOf(not);
    const of = none.length === 0 ? all : [...all, { type: 'none', of: none } as const];
    const condition = of.length > 1 ? ({ type: 'all', of } as const) : (of[0] ?? null);
    const refusal = condition === null ? undefined : refusalOf(condition);
    if (refusal !== undefined) {
      context.addIssue({ code: 'custom', message: refusal.expected, params: { problem: refusal.message } });
    }
    return { pathMatch: path ?? 'segments', condition };
  });
}

/** Among routes of one host. */
export function priority() {
  return integer(-1_000_000_000, 1_000_000_000);
}

type Parts = { readonly [Key in keyof typeof PARTS]?: z.output<(typeof PARTS)[Key]> };

function conditionsOf({ methods, headers, cookies, query, clients, hostPattern, pathPattern }: Parts): Condition[] {
  return [
    ...(methods === undefined ? [] : [{ type: 'method', methods } as const]),
    ...(hostPattern === undefined ? [] : [{ type: 'hostPattern', pattern: hostPattern } as const]),
    ...(pathPattern === undefined ? [] : [{ type: 'pathPattern', pattern: pathPattern } as const]),
    ...(headers ?? []).map(([name, wanted]) => valueCondition('header', name, wanted)),
    ...(cookies ?? []).map(([name, wanted]) => valueCondition('cookie', name, wanted)),
    ...(query ?? []).map(([name, wanted]) => valueCondition('query', name, wanted)),
    ...(clients === undefined ? [] : [{ type: 'client', ranges: clients } as const]),
  ];
}

function valueCondition(type: 'header' | 'cookie' | 'query', name: string, wanted: Wanted): Condition {
  const isThere: Condition = { type, name, value: null };
  if (wanted === true) return isThere;
  if (wanted === false) return { type: 'none', of: [isThere] };
  if ('pattern' in wanted) {
    // Cookies have no patterns: the schema refuses them.
    return { type: type === 'header' ? 'headerPattern' : 'queryPattern', name, pattern: wanted.pattern };
  }
  const [first = '', ...more] = wanted;
  if (more.length === 0) return { type, name, value: first };
  return { type: 'any', of: wanted.map((value) => ({ type, name, value })) };
}

function refusalOf(condition: Condition): ConditionError | undefined {
  try {
    compileCondition(condition);
    return undefined;
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
}

function readMethod(raw: string): Read<string> {
  const method = raw.toUpperCase();
  return /^[A-Z][A-Z-]{0,31}$/.test(method) ? { value: method } : { problem: 'not a method' };
}

function readHeaderName(raw: string): Read<string> {
  const name = canonicalFieldName(raw);
  return name === undefined ? { problem: 'not a header name' } : { value: name };
}

function readCookieName(raw: string): Read<string> {
  return /^[^\s=;,]{1,256}$/.test(raw) ? { value: raw } : { problem: 'not the name of a cookie' };
}
