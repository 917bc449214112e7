import { z } from 'zod';
import type { StatusRange } from '@dproxy/core';

const STATUSES = 'a status such as 404, or a range such as 500-599';
const RANGE = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/;

/** One status or range, or a list of them. */
export function statuses() {
  const range = z.union([z.number(), z.string()], { error: STATUSES }).transform((raw, context): StatusRange => {
    const [, from, to = from] = RANGE.exec(String(raw).trim()) ?? [];
    if (from !== undefined && Number(from) <= Number(to)) return [Number(from), Number(to)];
    context.addIssue({ code: 'custom', message: STATUSES });
    return z.NEVER;
  });
  // Not `oneOrMore`: one range is an array itself.
  const one = range.transform((value): readonly StatusRange[] => [value]);
  return z.union([one, z.array(range).min(1, { error: STATUSES })], { error: `${STATUSES}, or a list` });
}
