import { parseBreakerExpression, type CompressFilter } from '@dproxy/core';
import type { Section } from '../section.ts';
import { effectOf, NOTHING, type Effect } from './effect.ts';
import { BY_CLIENT, readSourceCriterion, readStatuses } from './values.ts';

/** How much, how often, how long. */

const MAX = 1_000_000_000;

export function rateLimit(section: Section): Effect {
  const average = section.integer('average', 0, MAX) ?? 0;
  const periodMs = section.duration('period') ?? 1_000;
  const burst = section.integer('burst', 1, MAX) ?? 1;
  const by = readSourceCriterion(section, BY_CLIENT);
  if (section.sub('redis') !== undefined) {
    section.note(
      'redis',
      'the workers of dproxy share their counts without it',
      'no redis, unless several machines count together',
    );
  }
  if (periodMs === 0) section.refuse('period', 'a duration that is not 0');
  return average === 0 ? NOTHING : effectOf({ type: 'rateLimit', average, periodMs, burst, by });
}

export function inFlightReq(section: Section): Effect {
  const amount = section.integer('amount', 0, MAX) ?? 0;
  const by = readSourceCriterion(section, { type: 'host' });
  return amount === 0 ? NOTHING : effectOf({ type: 'inFlight', amount, by });
}

export function buffering(section: Section): Effect {
  const maxRequestBytes = section.integer('maxrequestbodybytes', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const maxResponseBytes = section.integer('maxresponsebodybytes', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  // From where on Traefik writes to a disk; here nothing does.
  section.integer('memrequestbodybytes', 0, Number.MAX_SAFE_INTEGER);
  section.integer('memresponsebodybytes', 0, Number.MAX_SAFE_INTEGER);
  if ((section.text('retryexpression') ?? '') !== '') {
    section.note('retryexpression', 'requests are not repeated by this', 'the middleware retry, with its statuses');
  }
  return effectOf({ type: 'buffer', maxRequestBytes, maxResponseBytes });
}

export function compress(section: Section): Effect {
  const encodings = section.list('encodings') ?? ['gzip', 'br', 'zstd'];
  const known = encodings.filter((word): word is CompressFilter['encodings'][number] =>
    ['gzip', 'br', 'zstd', 'deflate'].includes(word),
  );
  if (known.length < encodings.length || known.length === 0) section.refuse('encodings', 'gzip, br and zstd');
  const excludedTypes = section.list('excludedcontenttypes') ?? [];
  const includedTypes = section.list('includedcontenttypes') ?? [];
  if (excludedTypes.length > 0 && includedTypes.length > 0) {
    section.refuse('includedcontenttypes', 'included or excluded types, not both');
  }
  if ((section.text('defaultencoding') ?? '') !== '') {
    section.note('defaultencoding', 'who does not say which encodings he takes gets none', 'no default encoding');
  }
  const minBytes = section.integer('minresponsebodybytes', 0, MAX) ?? 0;
  return effectOf({
    type: 'compress',
    encodings: known,
    minBytes: minBytes === 0 ? 1_024 : minBytes,
    includedTypes,
    excludedTypes,
  });
}

export function retry(section: Section): Effect {
  const attempts = section.integer('attempts', 1, 100) ?? 1;
  const initialMs = section.duration('initialinterval') ?? 0;
  const statuses = readStatuses(section, 'status');
  const nonIdempotent = section.flag('retrynonidempotentmethod') ?? false;
  const maxBodyBytes = section.integer('maxrequestbodybytes', -1, MAX) ?? 2_097_152;
  if ((section.duration('timeout') ?? 0) > 0) {
    section.note(
      'timeout',
      'the time for all tries together is not bounded by this',
      'timeouts of a route in dproxy.yml',
    );
  }
  if (section.flag('disableretryonnetworkerror') === true) {
    section.note('disableretryonnetworkerror', 'a failed connection is tried again', 'no retry');
  }
  return effectOf({
    type: 'retry',
    attempts,
    initialMs,
    statuses,
    nonIdempotent,
    maxBodyBytes: maxBodyBytes < 0 ? 2_097_152 : maxBodyBytes,
  });
}

export function circuitBreaker(section: Section): Effect {
  const expression = section.text('expression') ?? '';
  const parsed = parseBreakerExpression(expression);
  if ('problem' in parsed) {
    section.refuse('expression', `an expression such as NetworkErrorRatio() > 0.30 (found ${parsed.problem})`);
  }
  return effectOf({
    type: 'circuitBreaker',
    expression,
    checkMs: section.duration('checkperiod') || 100,
    fallbackMs: section.duration('fallbackduration') ?? 10_000,
    recoveryMs: section.duration('recoveryduration') ?? 10_000,
    status: section.integer('responsecode', 100, 599) ?? 503,
  });
}
