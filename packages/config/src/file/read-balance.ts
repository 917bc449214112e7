import type { BalancePolicy } from '@dproxy/core';
import { balance } from '../schema/balance.ts';
import type { FilterProblem } from './read-filters.ts';
import { validate } from './validate.ts';

/**
 * Reads how requests are shared as `balance` of a route is written, from labels.
 *
 * @param value plain data: numbers and booleans as such, not as texts
 */
export function readBalance(
  value: unknown,
): { readonly balance: BalancePolicy } | { readonly problems: readonly FilterProblem[] } {
  const result = validate(balance(), value, ['balance']);
  return 'findings' in result ? { problems: result.findings } : { balance: result.value };
}
