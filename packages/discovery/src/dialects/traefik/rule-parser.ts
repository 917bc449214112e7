import { didYouMean } from '@dproxy/core';
import { RuleError } from './rule-error.ts';
import { tokenize, type Token, type TokenType } from './rule-tokens.ts';

/** A rule as it is written. */
export type RuleTree =
  | { readonly type: 'and' | 'or'; readonly of: readonly RuleTree[] }
  | { readonly type: 'not'; readonly of: RuleTree }
  | Matcher;

export interface Matcher {
  readonly type: 'matcher';
  /** In the spelling of the list that the parser was given. */
  readonly name: string;
  readonly values: readonly string[];
  /** Where it begins, 1-based. */
  readonly column: number;
}

/** Labels are written by anybody: what a rule may cost has an end. */
const MAX_LENGTH = 8_192;
const MAX_DEPTH = 32;
const MAX_MATCHERS = 256;
const MAX_VALUES = 64;

/**
 * `Host(`a.example.com`) && (PathPrefix(`/api`) || !Method("GET"))`: `!` before `&&` before `||`. Names of matchers are found
 * in any case.
 *
 * @param matchers the names that there are
 * @throws RuleError
 */
export function parseRule(text: string, matchers: readonly string[]): RuleTree {
  if (text.length > MAX_LENGTH)
    throw new RuleError(MAX_LENGTH, `${text.length} characters`, `at most ${MAX_LENGTH} characters`);
  return new Parser(tokenize(text), matchers).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #matchers: readonly string[];
  #at = 0;
  #count = 0;

  constructor(tokens: readonly Token[], matchers: readonly string[]) {
    this.#tokens = tokens;
    this.#matchers = matchers;
  }

  parse(): RuleTree {
    const tree = this.#or(0);
    if (this.#token.type !== 'end') throw this.#unexpected('&&, || or the end');
    return tree;
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { type: 'end', value: '', column: 1 };
  }

  #or(depth: number): RuleTree {
    const parts = [this.#and(depth)];
    while (this.#accept('||')) parts.push(this.#and(depth));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'or', of: parts };
  }

  #and(depth: number): RuleTree {
    const parts = [this.#not(depth)];
    while (this.#accept('&&')) parts.push(this.#not(depth));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'and', of: parts };
  }

  #not(depth: number): RuleTree {
    if (depth > MAX_DEPTH) {
      throw new RuleError(
        this.#token.column,
        `more than ${MAX_DEPTH} levels`,
        'fewer parentheses and exclamation marks',
      );
    }
    if (this.#accept('!')) return { type: 'not', of: this.#not(depth + 1) };
    if (!this.#accept('(')) return this.#matcher();
    const tree = this.#or(depth + 1);
    if (!this.#accept(')')) throw this.#unexpected('&&, || or )');
    return tree;
  }

  #matcher(): Matcher {
    const { type, value, column } = this.#token;
    if (type !== 'name') throw this.#unexpected('a matcher such as Host(`example.com`)');
    const name = this.#matchers.find((each) => each.toLowerCase() === value.toLowerCase());
    if (name === undefined) throw new RuleError(column, value, this.#nearest(value));
    this.#count += 1;
    if (this.#count > MAX_MATCHERS) throw new RuleError(column, 'more matchers', `at most ${MAX_MATCHERS} matchers`);
    this.#at += 1;
    if (!this.#accept('(')) throw this.#unexpected(`( after ${name}`);
    return { type: 'matcher', name, values: this.#values(), column };
  }

  #values(): readonly string[] {
    const values: string[] = [];
    do {
      const { type, value } = this.#token;
      if (type !== 'text') throw this.#unexpected('a text in backticks');
      if (values.length === MAX_VALUES) throw this.#unexpected(`at most ${MAX_VALUES} values`);
      if (value === '' && values.length === 0) throw this.#unexpected('a text that is not empty');
      values.push(value);
      this.#at += 1;
    } while (this.#accept(','));
    if (!this.#accept(')')) throw this.#unexpected(', or )');
    return values;
  }

  #accept(type: TokenType): boolean {
    if (this.#token.type !== type) return false;
    this.#at += 1;
    return true;
  }

  #nearest(wrong: string): string {
    const meant = didYouMean(wrong, this.#matchers);
    return meant === undefined ? `one of: ${this.#matchers.join(', ')}` : `${meant}, probably`;
  }

  #unexpected(expected: string): RuleError {
    const { type, value, column } = this.#token;
    return new RuleError(column, type === 'end' ? 'the end of the rule' : value, expected);
  }
}
