import { compilePattern, PatternError } from '@dproxy/core';
import { readable, type Read } from '../field.ts';

const PATTERN = 'a regular expression in the syntax of RE2: without look-around and back references';

/** Checked, but kept as it was written: workers compile it themselves. */
export function pattern() {
  return readable(PATTERN, readPattern);
}

function readPattern(raw: string): Read<string> {
  try {
    compilePattern(raw);
    return { value: raw };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return { problem: `${error.message}; expected ${error.expected}` };
  }
}
