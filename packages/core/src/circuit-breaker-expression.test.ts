import { describe, expect, it } from 'vitest';
import { asksForLatency, type BreakerFacts, holdsFor, parseBreakerExpression } from './circuit-breaker-expression.ts';

/** 100 requests: 40 network errors, 30 of 500, 10 of 404, 60 of 200. */
const FACTS: BreakerFacts = {
  requests: 100,
  networkErrorRatio: 0.4,
  answersWith: (from, to) =>
    [
      [200, 60],
      [404, 10],
      [500, 30],
    ].reduce((sum, [status = 0, count = 0]) => sum + (status >= from && status < to ? count : 0), 0),
  latencyMs: (quantile) => quantile * 2,
};

function holds(text: string): boolean {
  const parsed = parseBreakerExpression(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return holdsFor(parsed.value, FACTS);
}

it.each([
  ['NetworkErrorRatio() > 0.30', true],
  ['NetworkErrorRatio() > 0.40', false],
  ['NetworkErrorRatio() >= 0.40', true],
  ['0.3<NetworkErrorRatio()', true],
  ['ResponseCodeRatio(500, 600, 0, 600) > 0.25', true],
  ['ResponseCodeRatio(500, 600, 0, 600) == 0.3', true],
  ['ResponseCodeRatio(500, 600, 600, 700) > 0', false],
  ['LatencyAtQuantileMS(50.0) > 100', false],
  ['LatencyAtQuantileMS(50.0) <= 100', true],
  ['RequestThreshold() != 100', false],
  ['RequestThreshold() < 10 || NetworkErrorRatio() > 0.1 && RequestThreshold() > 1000', false],
  ['(RequestThreshold() < 10 || NetworkErrorRatio() > 0.1) && RequestThreshold() > 10', true],
  ['RequestThreshold() > 10 || NetworkErrorRatio() > 0.1 && RequestThreshold() > 1000', true],
  ['!(NetworkErrorRatio() > 0.5)', true],
  ['!!(NetworkErrorRatio() > 0.5)', false],
])('%s is %s', (text, expected) => {
  expect(holds(text)).toBe(expected);
});

describe('what it is not', () => {
  it.each([
    ['', 'the end at character 1, expected a number or one of '],
    ['NetworkErrorRatio()', 'the end at character 20, expected one of > >= < <= == !='],
    ['NetworkErrorRatio > 1', '">" at character 19, expected "("'],
    ['NetworkErrorRatio() > 0.5)', '")" at character 26, expected nothing more'],
    ['(NetworkErrorRatio() > 0.5', 'the end at character 27, expected ")"'],
    ['NetworkErrorRatio() > 0.5 | 1', '"|" at character 27'],
    ['Rate() > 1', '"Rate" at character 1, expected a number or one of NetworkErrorRatio'],
    ['toString() > 1', '"toString" at character 1'],
    ['ResponseCodeRatio(500, 600) > 0.5', '")" at character 27, expected ","'],
    ['ResponseCodeRatio(500, 600, 0, x) > 0.5', '"x" at character 32, expected a number: ResponseCodeRatio takes 4'],
    ['LatencyAtQuantileMS(101) > 1', 'the quantile 101, expected 0 to 100'],
    ['!NetworkErrorRatio() > 1', '"NetworkErrorRatio" at character 2, expected "(" after "!"'],
    [`${'('.repeat(40)}1 > 2${')'.repeat(40)}`, 'more than 32 levels of parentheses'],
    ['1 > 2 || '.repeat(200), '1800 characters, more than 1024'],
  ])('%s', (text, problem) => {
    expect(parseBreakerExpression(text)).toEqual({ problem: expect.stringContaining(problem) as unknown });
  });
});

it('asks for latencies only where it compares them', () => {
  const asks = (text: string): boolean | undefined => {
    const parsed = parseBreakerExpression(text);
    return 'value' in parsed ? asksForLatency(parsed.value) : undefined;
  };
  expect(asks('NetworkErrorRatio() > 0.5 || !(LatencyAtQuantileMS(99) > 5)')).toBe(true);
  expect(asks('NetworkErrorRatio() > 0.5 && RequestThreshold() > 10')).toBe(false);
});
