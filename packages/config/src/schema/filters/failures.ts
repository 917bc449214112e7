import { z } from 'zod';
import { parseBreakerExpression } from '@dproxy/core';
import { field, flag, integer, readable, required, section, type Read } from '../field.ts';
import { duration, size } from '../units.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';
import { statuses } from './statuses.ts';

const MAX_ATTEMPTS = 10;
const REPEATED_BODY_BYTES = 65_536;
const EXPRESSION = 'an expression such as NetworkErrorRatio() > 0.3 || ResponseCodeRatio(500, 600, 0, 600) > 0.25';

/** `retry` */
export function retry() {
  const attempts = () => integer(1, MAX_ATTEMPTS);
  const detailed = section({
    attempts: required(attempts(), { meaning: 'All tries together; 1: no second one' }),
    delay: field(duration(0), {
      meaning: 'Before the second try, in ms or as 100ms; it doubles with each',
      default: '0',
      zero: 'at once',
    }),
    statuses: field(statuses(), {
      meaning: 'Answers that lead to another try: 502, 500-599, or a list',
      default: 'none, only failed connections do',
    }),
    nonIdempotent: field(flag(), {
      meaning: 'Whether POST and PATCH are tried again, too, once a backend may have seen them',
      default: 'false',
      danger: 'an order is placed twice',
    }),
    maxBody: field(size(0), {
      meaning: 'Requests with a longer body are not tried again',
      default: '64KiB',
      zero: 'only requests without a body are',
    }),
  }).transform((value): FilterDraft =>
    draftOf({
      type: 'retry',
      attempts: value.attempts,
      initialMs: value.delay ?? 0,
      statuses: value.statuses ?? [],
      nonIdempotent: value.nonIdempotent ?? false,
      maxBodyBytes: value.maxBody ?? REPEATED_BODY_BYTES,
    }),
  );
  const short = attempts().transform((value): FilterDraft =>
    draftOf({
      type: 'retry',
      attempts: value,
      initialMs: 0,
      statuses: [],
      nonIdempotent: false,
      maxBodyBytes: REPEATED_BODY_BYTES,
    }),
  );
  return z.union([short, detailed], { error: 'tries, or {attempts, delay, statuses, nonIdempotent, maxBody}' });
}

/** `circuitBreaker` */
export function circuitBreaker() {
  const expression = () => readable(EXPRESSION, readExpression);
  const detailed = section({
    expression: required(expression(), {
      meaning:
        'When it opens: NetworkErrorRatio(), ResponseCodeRatio(from, to, ofFrom, ofTo), LatencyAtQuantileMS(50.0) and RequestThreshold(), compared with numbers and joined by &&, || and !',
    }),
    check: field(duration(1), { meaning: 'How often that is looked at, in ms or as 1s', default: '100ms' }),
    fallback: field(duration(0), {
      meaning: 'How long requests are refused then',
      default: '10s',
      zero: 'not at all',
    }),
    recovery: field(duration(0), {
      meaning: 'How long it takes after that until all requests pass again; their share grows',
      default: '10s',
      zero: 'they pass at once',
    }),
    status: field(integer(400, 599), { meaning: 'Status of the answer while it is open', default: '503' }),
  }).transform((value) => breaker(value));
  return z.union([expression().transform((value) => breaker({ expression: value })), detailed], {
    error: `${EXPRESSION}, or {expression, check, fallback, recovery, status}`,
  });
}

interface WrittenBreaker {
  readonly expression: string;
  readonly check?: number | undefined;
  readonly fallback?: number | undefined;
  readonly recovery?: number | undefined;
  readonly status?: number | undefined;
}

function breaker({ expression, check, fallback, recovery, status }: WrittenBreaker): FilterDraft {
  return draftOf({
    type: 'circuitBreaker',
    expression,
    checkMs: check ?? 100,
    fallbackMs: fallback ?? 10_000,
    recoveryMs: recovery ?? 10_000,
    status: status ?? 503,
  });
}

function readExpression(raw: string): Read<string> {
  const parsed = parseBreakerExpression(raw);
  return 'problem' in parsed ? { problem: parsed.problem } : { value: raw };
}
