import { match, type MatchRules } from '../schema/match.ts';
import type { FilterProblem } from './read-filters.ts';
import { validate } from './validate.ts';

/**
 * Reads `match` of a route as it is written, from labels.
 *
 * @param value plain data: numbers and booleans as such, not as texts
 */
export function readMatch(
  value: unknown,
): { readonly match: MatchRules } | { readonly problems: readonly FilterProblem[] } {
  const result = validate(match(), value, ['match']);
  return 'findings' in result ? { problems: result.findings } : { match: result.value };
}
