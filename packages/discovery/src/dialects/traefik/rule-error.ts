import { show } from '../show.ts';

/** Why a rule cannot be read, and where. The only error that reading one throws. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  /** 1-based, in characters. */
  readonly column: number;
  readonly found: string;
  readonly expected: string;

  constructor(column: number, found: string, expected: string) {
    super(`column ${column}: found ${show(found)}`);
    this.column = column;
    this.found = found;
    this.expected = expected;
  }
}
