import type { z } from 'zod';
import { explainIssues, type Finding } from '../schema/explain-issue.ts';
import type { Path } from '../yaml/locations.ts';

/** A value that fits its schema, or all that is wrong with it. */
export type Validated<T> = { readonly value: T } | { readonly findings: readonly Finding[] };

/** @param base where `value` stands in the document */
export function validate<T>(schema: z.ZodType<T>, value: unknown, base: Path): Validated<T> {
  const result = schema.safeParse(value, { error: (issue) => fallback(issue) });
  if (result.success) return { value: result.data };
  return { findings: explainIssues(result.error.issues, value, base) };
}

/** For the few checks that say nothing of their own. */
function fallback(issue: z.core.$ZodRawIssue): string {
  return issue.code === 'invalid_type' ? `a ${String(issue.expected)}` : 'another value';
}
