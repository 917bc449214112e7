import {
  array,
  assert,
  constantFrom,
  letrec,
  oneof,
  property,
  record,
  string,
  tuple,
  type Arbitrary,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition } from '@dproxy/core';
import { conditionOf, HTTP_MATCHERS } from './rule-conditions.ts';
import { RuleError } from './rule-error.ts';
import { parseRule } from './rule-parser.ts';
import { routesOf, type RuleRoute } from './rule-routes.ts';
import { readRule } from './rule.ts';

interface Request {
  readonly host: string;
  readonly path: string;
  readonly method: string;
}

const fragments = [
  'Host',
  'Path',
  '(',
  ')',
  '`',
  '"',
  '&&',
  '||',
  '!',
  ',',
  ' ',
  'a.com',
  '/x',
  '*',
  '\\',
  '{',
  '\u{1f600}',
];
const noise = array(oneof(constantFrom(...fragments), string())).map((parts) => parts.join(''));

test('whatever a label says, it is a rule or a RuleError with a column inside of it', () => {
  assert(
    property(noise, (text) => {
      try {
        readRule(text);
      } catch (error) {
        expect(error).toBeInstanceOf(RuleError);
        const { column, found, expected } = error as RuleError;
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual(text.length + 1);
        expect(typeof found).toBe('string');
        expect(expected).not.toBe('');
      }
    }),
    { numRuns: 300 },
  );
});

const leaf = oneof(
  constantFrom('a.com', 'b.com', 'x.a.com', '*.a.com', '*').map((host) => `Host(\`${host}\`)`),
  constantFrom('/', '/x', '/x/y').map((path) => `Path(\`${path}\`)`),
  constantFrom('/', '/x', '/x/').map((path) => `PathPrefix(\`${path}\`)`),
  constantFrom('GET', 'POST').map((method) => `Method("${method}")`),
);
const { rule } = letrec<{ rule: string }>((tie) => ({
  rule: oneof(
    { maxDepth: 4 },
    leaf,
    tie('rule').map((of) => `!(${of})`),
    tuple(tie('rule'), tie('rule')).map(([a, b]) => `(${a} && ${b})`),
    tuple(tie('rule'), tie('rule')).map(([a, b]) => `(${a} || ${b})`),
  ),
}));
const request: Arbitrary<Request> = record({
  host: constantFrom('a.com', 'b.com', 'x.a.com', 'y.x.a.com', 'c.com'),
  path: constantFrom('/', '/x', '/x/', '/x/y', '/xy'),
  method: constantFrom('GET', 'POST'),
});

test('the routes of a rule match exactly what the rule matches', () => {
  assert(
    property(rule, array(request, { minLength: 1, maxLength: 20 }), (text, requests) => {
      const meaning = conditionOf(parseRule(text, HTTP_MATCHERS));
      let routes: readonly RuleRoute[] = [];
      try {
        routes = routesOf(meaning);
      } catch (error) {
        expect(error).toBeInstanceOf(RuleError);
      }
      for (const each of requests) {
        const isMatched = routes.some((route) => matchesRoute(route, each));
        expect({ each, isMatched }).toEqual({ each, isMatched: holds(meaning, each) });
      }
    }),
    { numRuns: 500 },
  );
});

function matchesRoute({ hosts, path, pathMatch, condition }: RuleRoute, request: Request): boolean {
  const isHost = hosts.some(
    (host) => host === '*' || host === request.host || (host.startsWith('*.') && request.host.endsWith(host.slice(1))),
  );
  const isPath =
    path === '/' && pathMatch === 'segments'
      ? true
      : pathMatch === 'exact'
        ? request.path === path
        : request.path.startsWith(path);
  return isHost && isPath && (condition === null || holds(condition, request));
}

function holds(condition: Condition, request: Request): boolean {
  if (condition.type === 'all') return condition.of.every((part) => holds(part, request));
  if (condition.type === 'any') return condition.of.some((part) => holds(part, request));
  if (condition.type === 'none') return !condition.of.some((part) => holds(part, request));
  if (condition.type === 'method') return condition.methods.includes(request.method);
  if (condition.type === 'path') {
    return condition.kind === 'exact' ? request.path === condition.path : request.path.startsWith(condition.path);
  }
  if (condition.type !== 'host') throw new Error(`not generated: ${condition.type}`);
  const oneLabelLess = `*${request.host.slice(request.host.indexOf('.'))}`;
  return condition.host === (condition.host.startsWith('*.') ? oneLabelLess : request.host);
}
