import { z } from 'zod';
import { field, integer, required, section } from '../field.ts';
import { duration } from '../units.ts';
import { countedBy, DEFAULT_BY } from './counted-by.ts';
import { draftOf, type FilterDraft } from './filter-draft.ts';

const MAX_COUNT = 1_000_000;

const by = () =>
  field(countedBy(), {
    meaning: 'By whom is counted: client (its address), host, {header}, or {depth, excluded, ipv6Prefix}',
    default: 'client, of IPv6 its /64',
  });

/** `rateLimit` */
export function rateLimit() {
  const average = () => integer(0, MAX_COUNT);
  const detailed = section({
    average: required(average(), { meaning: 'Requests per period', zero: 'no limit' }),
    period: field(duration(1), { meaning: 'The period, in ms or as 1m', default: '1s' }),
    burst: field(integer(1, MAX_COUNT), {
      meaning: 'Requests that may come at once, after a pause',
      default: 'as many as average, at least 1',
    }),
    by: by(),
  }).transform((value): FilterDraft =>
    draftOf({
      type: 'rateLimit',
      average: value.average,
      periodMs: value.period ?? 1_000,
      burst: value.burst ?? Math.max(1, value.average),
      by: value.by ?? DEFAULT_BY,
    }),
  );
  const short = average().transform((value): FilterDraft =>
    draftOf({ type: 'rateLimit', average: value, periodMs: 1_000, burst: Math.max(1, value), by: DEFAULT_BY }),
  );
  return z.union([short, detailed], { error: 'requests per second, or {average, period, burst, by}' });
}

/** `inFlight` */
export function inFlight() {
  const amount = () => integer(1, MAX_COUNT);
  const detailed = section({
    amount: required(amount(), { meaning: 'Requests that may be served at the same time, in each worker' }),
    by: by(),
  }).transform((value): FilterDraft => draftOf({ type: 'inFlight', amount: value.amount, by: value.by ?? DEFAULT_BY }));
  const short = amount().transform((value): FilterDraft =>
    draftOf({ type: 'inFlight', amount: value, by: DEFAULT_BY }),
  );
  return z.union([short, detailed], { error: 'requests at the same time, or {amount, by}' });
}
