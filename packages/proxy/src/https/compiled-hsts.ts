import type { Route } from '@dproxy/core';
import { type CompiledHeaderRules, headerLine, headerRules } from '../http1/index.ts';

export const HSTS = 'strict-transport-security';

/** `https.hsts` of a route, as its answers need it. */
export interface CompiledHsts {
  readonly line: string;
  /** The route's rules for responses, with it: what the backend says about it is replaced. */
  readonly rules: CompiledHeaderRules;
  /** It alone, for answers to which the rules were applied already. */
  readonly alone: CompiledHeaderRules;
}

/** Undefined where it is off, and where the route's own header rules set the field: they have the last word. */
export function compileHsts(
  { https, headers }: Pick<Route, 'https' | 'headers'>,
  rules: CompiledHeaderRules | undefined,
): CompiledHsts | undefined {
  if (https.hsts === '' || headers.responseSet.some(([name]) => name.toLowerCase() === HSTS)) return undefined;
  const line = headerLine(HSTS, https.hsts);
  const alone = headerRules([HSTS], line, '');
  if (rules === undefined) return { line, rules: alone, alone };
  return { line, alone, rules: headerRules([...rules.taken, HSTS], rules.added + line, rules.host) };
}
