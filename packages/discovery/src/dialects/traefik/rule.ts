import { conditionOf, HTTP_MATCHERS } from './rule-conditions.ts';
import { RuleError } from './rule-error.ts';
import { parseRule } from './rule-parser.ts';
import { routesOf, type RuleRoute } from './rule-routes.ts';

export interface Rule {
  readonly routes: readonly RuleRoute[];
  /** What Traefik takes as the priority of a rule that has none: its length in bytes. */
  readonly priority: number;
}

/**
 * The rule of an HTTP router.
 *
 * @throws RuleError
 */
export function readRule(text: string): Rule {
  return { routes: routesOf(conditionOf(parseRule(text, HTTP_MATCHERS))), priority: Buffer.byteLength(text) };
}

/** Runs what may find fault with a rule. */
export function tryRule<T>(read: () => T): { readonly value: T } | { readonly problem: RuleError } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof RuleError) return { problem: error };
    throw error;
  }
}
