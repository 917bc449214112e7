import { compileCidrs } from './client-address.ts';
import type { Condition } from './condition.ts';
import { compilePattern, MAX_PATTERN_STEPS, PatternError, type Pattern } from './pattern.ts';
import type { RequestFacts } from './request-facts.ts';

/** Whether a condition holds for a request. */
export type ConditionTest = (facts: RequestFacts) => boolean;

/** A condition that cannot be tested. The message says where and what, `expected` what would be right. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  readonly expected: string;

  constructor(reason: string, expected: string) {
    super(reason);
    this.expected = expected;
  }
}

/** Finite, because labels may hold a rule of any length, and every request of the host pays for it. */
const MAX_PARTS = 200;
const MAX_DEPTH = 32;

/**
 * A text that is too long for a pattern never makes a condition hold, not even under `none`: else whoever pads a header
 * would get past a rule that keeps somebody out.
 *
 * @throws ConditionError
 */
export function compileCondition(condition: Condition): ConditionTest {
  const size: Size = { parts: 0, patterns: 0 };
  measure(condition, 0, size);
  // All patterns together may cost what one may: two hundred bad ones would hold up a worker for seconds.
  return compile(condition, { ifTooLong: false, maxSteps: MAX_PATTERN_STEPS / Math.max(1, size.patterns) });
}

interface Size {
  parts: number;
  patterns: number;
}

function measure(condition: Condition, depth: number, size: Size): void {
  if (depth > MAX_DEPTH) {
    throw new ConditionError(`it is nested more than ${MAX_DEPTH} deep`, `at most ${MAX_DEPTH} levels`);
  }
  size.parts += 1;
  if (size.parts > MAX_PARTS) {
    throw new ConditionError(`it has more than ${MAX_PARTS} parts`, `at most ${MAX_PARTS} parts`);
  }
  if ('pattern' in condition) size.patterns += 1;
  if ('of' in condition) for (const each of condition.of) measure(each, depth + 1, size);
}

interface PatternRules {
  /** What a pattern says of an oversized text. */
  readonly ifTooLong: boolean;
  readonly maxSteps: number;
}

function compile(condition: Condition, rules: PatternRules): ConditionTest {
  switch (condition.type) {
    case 'all': {
      const tests = condition.of.map((each) => compile(each, rules));
      return (facts) => tests.every((test) => test(facts));
    }
    case 'any': {
      const tests = condition.of.map((each) => compile(each, rules));
      return (facts) => tests.some((test) => test(facts));
    }
    case 'none': {
      const opposite = { ...rules, ifTooLong: !rules.ifTooLong };
      const tests = condition.of.map((each) => compile(each, opposite));
      return (facts) => !tests.some((test) => test(facts));
    }
    case 'host':
      return hostTest(condition.host);
    case 'path':
      return pathTest(condition);
    case 'method': {
      const methods = new Set(condition.methods);
      return ({ method }) => methods.has(method);
    }
    case 'header':
    case 'cookie':
    case 'query':
      return valueTest(condition);
    case 'hostPattern':
    case 'pathPattern':
    case 'headerPattern':
    case 'queryPattern':
      return patternTest(condition, rules);
    case 'client': {
      const isAmong = readRanges(condition.ranges);
      return ({ clientAddress }) => isAmong(clientAddress);
    }
    case 'encrypted':
      return ({ isEncrypted }) => isEncrypted === condition.is;
    default:
      return condition satisfies never;
  }
}

type PathCondition = Extract<Condition, { readonly type: 'path' }>;
type ValueCondition = Extract<Condition, { readonly value: unknown }>;
type PatternCondition = Extract<Condition, { readonly pattern: string }>;

function hostTest(wanted: string): ConditionTest {
  if (wanted === '*') return () => true;
  if (!wanted.startsWith('*.')) return ({ host }) => host === wanted;
  const suffix = wanted.slice(1);
  // Its first dot begins the suffix: one label, and not an empty one.
  return ({ host }) =>
    host.endsWith(suffix) && host.indexOf('.') === host.length - suffix.length && !host.startsWith('.');
}

function pathTest({ kind, path: wanted }: PathCondition): ConditionTest {
  return kind === 'exact' ? ({ path }) => path === wanted : ({ path }) => path.startsWith(wanted);
}

function valueTest({ type, name, value }: ValueCondition): ConditionTest {
  if (value === null) return (facts) => facts[type](name).length > 0;
  // Of a head we have one character per byte; a query is decoded.
  const wanted = type === 'query' ? value : Buffer.from(value).toString('latin1');
  return (facts) => facts[type](name).includes(wanted);
}

function patternTest(condition: PatternCondition, { ifTooLong, maxSteps }: PatternRules): ConditionTest {
  const pattern = readPattern(condition, maxSteps);
  switch (condition.type) {
    case 'hostPattern':
      return ({ host }) => pattern.test(host, ifTooLong);
    case 'pathPattern':
      return ({ path }) => pattern.test(path, ifTooLong);
    case 'headerPattern':
      return (facts) => facts.header(condition.name).some((value) => pattern.test(value, ifTooLong));
    case 'queryPattern':
      return (facts) => facts.query(condition.name).some((value) => pattern.test(value, ifTooLong));
    default:
      return condition satisfies never;
  }
}

function readPattern({ type, pattern }: PatternCondition, maxSteps: number): Pattern {
  try {
    return compilePattern(pattern, '', maxSteps);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new ConditionError(
      `${type} ${JSON.stringify(error.pattern.slice(0, 100))}: ${error.message}`,
      error.expected,
    );
  }
}

function readRanges(ranges: readonly string[]): ReturnType<typeof compileCidrs> {
  try {
    return compileCidrs(ranges);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConditionError(`client: ${error.message}`, 'IP addresses or ranges such as 192.0.2.0/24');
  }
}

const compiled = new WeakMap<Condition, ConditionTest>();
const NEVER: ConditionTest = () => false;

/**
 * The test of a route's condition, made once for each: a table that changes keeps the routes that it had, and a host with a
 * thousand patterns must not compile them all for one new route.
 *
 * Sources refuse what cannot be compiled. A condition that gets here all the same (from a primary of another version) never
 * holds, so that it harms no other route of its host, and opens nothing.
 */
export function conditionTest(condition: Condition): ConditionTest {
  let test = compiled.get(condition);
  if (test === undefined) {
    test = compileOrNever(condition);
    compiled.set(condition, test);
  }
  return test;
}

function compileOrNever(condition: Condition): ConditionTest {
  try {
    return compileCondition(condition);
  } catch (error) {
    if (error instanceof ConditionError) return NEVER;
    throw error;
  }
}
