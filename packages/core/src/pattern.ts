import { RE2JS, RE2JSException } from 're2js';
import { literalTest, startReplacer } from './pattern-literal.ts';
import { compileReplacement, type Expand } from './pattern-replacement.ts';

/** What a pattern may be long: it arrives in labels that anybody on the engine may write. */
const MAX_PATTERN = 1_000;
/** Instructions of the compiled pattern: `\pL{1000}` is short, yet each of its repeats is one. */
const MAX_PROGRAM = 2_000;
/** Characters that are looked at; most patterns may have as many. */
export const MAX_PATTERN_INPUT = 8_192;
/**
 * Instructions times characters, the worst that matching can cost: about 60 ms here. Linear time alone is not enough: a pattern
 * of 1,000 instructions takes 300 ms for 8 KiB.
 */
export const MAX_PATTERN_STEPS = 2_000_000;
/**
 * Bytes of the states that one pattern keeps from text to text. By default they may grow to 8 MiB, and one request is enough to fill
 * them for a pattern such as `[ab]*a[ab]{900}c`: a hundred labels would take all memory.
 */
const MAX_STATES_BYTES = 262_144;
/** As long as a request target may be: `$0$0$0` could make megabytes of kilobytes. */
const MAX_REPLACED = 16_384;

/** A pattern that cannot be used. The message says what is wrong with it, `expected` what would be right. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly pattern: string;
  readonly expected: string;

  constructor(pattern: string, reason: string, expected = 'a regular expression in the syntax of RE2') {
    super(reason);
    this.pattern = pattern;
    this.expected = expected;
  }
}

/** A regular expression in the syntax of RE2, as Go has it; it matches anywhere unless it is anchored. */
export interface Pattern {
  readonly source: string;
  /**
   * @param ifTooLong the answer for a text that would cost too much: more than 8,192 characters, of long patterns fewer.
   *   Whoever turns the answer round passes true, so that an oversized text never makes a condition hold.
   */
  test(text: string, ifTooLong?: boolean): boolean;
  /**
   * Every match replaced, as Go does it: `$1`, `${1}`, `$name` and `${name}` are groups, `$$` is a dollar sign; a name takes all
   * letters, digits and underscores that follow. The text itself where nothing matches, or where it would cost too much.
   */
  replace(text: string, replacement: string): string;
  /** `replace` with its replacement read once, for what runs per request. */
  replacer(replacement: string): (text: string) => string;
}

/**
 * @param flags `i`: letters match in both cases
 * @param maxSteps less than the default where many patterns see one text
 * @throws PatternError
 */
export function compilePattern(source: string, flags: '' | 'i' = '', maxSteps = MAX_PATTERN_STEPS): Pattern {
  const key = `${flags}\n${maxSteps}\n${source}`;
  const known = COMPILED.get(key)?.deref();
  if (known !== undefined) return known;
  const pattern = compile(source, flags, maxSteps);
  if (COMPILED.size >= MAX_COMPILED) COMPILED.clear();
  COMPILED.set(key, new WeakRef(pattern));
  return pattern;
}

/**
 * As long as somebody has them: one costs about a millisecond, and labels can give hundreds of routes the same dozens of them, which
 * would hold up a worker for many seconds.
 */
const COMPILED = new Map<string, WeakRef<Pattern>>();
const MAX_COMPILED = 4_096;

function compile(source: string, flags: '' | 'i', maxSteps: number): Pattern {
  if (source.length > MAX_PATTERN) {
    throw new PatternError(
      source.slice(0, MAX_PATTERN),
      `it has ${source.length} characters`,
      `at most ${MAX_PATTERN} characters`,
    );
  }
  const regex = parse(source, flags);
  const size = regex.programSize();
  if (size > MAX_PROGRAM) {
    throw new PatternError(source, `it stands for ${size} steps`, `fewer repeats: at most ${MAX_PROGRAM} steps`);
  }
  limitStates(regex);
  const test = flags === '' ? literalTest(source) : undefined;
  const maxInput = test === undefined ? Math.min(MAX_PATTERN_INPUT, Math.floor(maxSteps / size)) : MAX_PATTERN_INPUT;
  return new Re2Pattern(regex, { source, flags, test: test ?? ((text) => regex.test(text)), maxInput });
}

function parse(source: string, flags: '' | 'i'): RE2JS {
  try {
    return RE2JS.compile(source, flags === 'i' ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new PatternError(source, error.message.replace(/^error parsing regexp: /, ''));
  }
}

function limitStates(regex: RE2JS): void {
  const { dfa } = regex.re2();
  dfa.maxMem = MAX_STATES_BYTES;
  dfa.stateBudget = MAX_STATES_BYTES;
  dfa.memBudget = MAX_STATES_BYTES;
}

interface Matching {
  readonly source: string;
  readonly flags: '' | 'i';
  readonly test: (text: string) => boolean;
  /** Characters. */
  readonly maxInput: number;
}

class Re2Pattern implements Pattern {
  readonly source: string;
  readonly #regex: RE2JS;
  readonly #size: number;
  readonly #test: (text: string) => boolean;
  readonly #maxInput: number;
  readonly #flags: Matching['flags'];

  constructor(regex: RE2JS, { source, flags, test, maxInput }: Matching) {
    this.source = source;
    this.#flags = flags;
    this.#regex = regex;
    this.#size = regex.programSize();
    this.#test = test;
    this.#maxInput = maxInput;
  }

  test(text: string, ifTooLong = false): boolean {
    return text.length > this.#maxInput ? ifTooLong : this.#test(text);
  }

  replace(text: string, replacement: string): string {
    return this.replacer(replacement)(text);
  }

  replacer(replacement: string): (text: string) => string {
    const expand = compileReplacement(replacement, this.#regex.namedGroups());
    const quick = this.#flags === '' ? startReplacer(this.source, expand) : undefined;
    return (text) => {
      if (text.length > this.#maxInput) return text;
      const replaced = quick?.(text) ?? (this.#test(text) ? this.#replaceAll(text, expand) : text);
      return replaced === undefined || replaced.length > MAX_REPLACED ? text : replaced;
    };
  }

  /** undefined: it would cost too much. Searching for every match is quadratic: `a*b|a` runs to the end each time. */
  #replaceAll(text: string, expand: Expand): string | undefined {
    const matcher = this.#regex.matcher(text);
    let replaced = '';
    let end = 0;
    let steps = 0;
    while (matcher.find()) {
      const start = matcher.start();
      replaced += text.slice(end, start);
      // Go replaces no empty match that touches the one before.
      if (matcher.end() > end || start === 0)
        replaced += expand((group) => matcher.group(group) ?? '', matcher.groupCount());
      end = matcher.end();
      steps += this.#size * (text.length - start);
      if (steps > MAX_PATTERN_STEPS || replaced.length > MAX_REPLACED) return undefined;
    }
    return replaced + text.slice(end);
  }
}
