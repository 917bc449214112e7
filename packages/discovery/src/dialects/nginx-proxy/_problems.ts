import type { LabelProblem } from '../dialect.ts';

const MAX_SHOWN = 120;

/** Values come from anybody: cut, and without control characters for the log. */
export function show(raw: string): string {
  const line = raw.slice(0, MAX_SHOWN).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return raw.length > MAX_SHOWN ? `${line}...` : line;
}

export function problem(message: string, expected: string): LabelProblem {
  return { message, expected };
}

/** A variable or label whose value is of no use. */
export function unusable(name: string, value: string, expected: string): LabelProblem {
  return problem(`${name}=${show(value)} cannot be used`, expected);
}
