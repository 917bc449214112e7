/** What an expression may ask of the last ten seconds of a route. */
export interface BreakerFacts {
  /** Requests that were answered, or should have been. */
  readonly requests: number;
  /** 0-1: those whose backend could not be reached, broke off or was too slow, or that were answered with 502 or 504. */
  readonly networkErrorRatio: number;
  /** Answers with a status in `[from, to)`. */
  answersWith(from: number, to: number): number;
  /** Milliseconds within which this share of the answers began. @param quantile 0-100 */
  latencyMs(quantile: number): number;
}

export type BreakerOperator = '>' | '>=' | '<' | '<=' | '==' | '!=';

export type BreakerNumber =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'call'; readonly name: BreakerFunction; readonly values: readonly number[] };

/** The condition of a circuit breaker, as a tree. */
export type BreakerExpression =
  | { readonly type: 'and' | 'or'; readonly of: readonly [BreakerExpression, BreakerExpression] }
  | { readonly type: 'not'; readonly of: BreakerExpression }
  | {
      readonly type: 'compare';
      readonly operator: BreakerOperator;
      readonly left: BreakerNumber;
      readonly right: BreakerNumber;
    };

/** How many numbers each takes. */
const FUNCTIONS = {
  NetworkErrorRatio: 0,
  ResponseCodeRatio: 4,
  LatencyAtQuantileMS: 1,
  RequestThreshold: 0,
} as const;

type BreakerFunction = keyof typeof FUNCTIONS;

const MAX_LENGTH = 1_024;
const MAX_DEPTH = 32;
/** One token each, from where the last one ended: nothing is tried twice, so no text takes more than linear time. */
const TOKEN = /\s*(?:(&&|\|\||[<>=!]=|[<>!(),])|(\d+(?:\.\d+)?)|([A-Za-z]+))/y;

/**
 * `NetworkErrorRatio() > 0.30 || ResponseCodeRatio(500, 600, 0, 600) > 0.25`: the language in which Traefik's users write when
 * a breaker opens. Comparisons of numbers, `&&` before `||`, `!` and parentheses.
 *
 * @returns a problem, with where it is, as it follows "found "
 */
export function parseBreakerExpression(
  text: string,
): { readonly value: BreakerExpression } | { readonly problem: string } {
  if (text.length > MAX_LENGTH) return { problem: `${text.length} characters, more than ${MAX_LENGTH}` };
  try {
    return { value: new Parser(text).parse() };
  } catch (error) {
    if (error instanceof ExpressionError) return { problem: error.message };
    throw error;
  }
}

/** Whether what was seen is what the expression says. */
export function holdsFor(expression: BreakerExpression, facts: BreakerFacts): boolean {
  switch (expression.type) {
    case 'and':
      return holdsFor(expression.of[0], facts) && holdsFor(expression.of[1], facts);
    case 'or':
      return holdsFor(expression.of[0], facts) || holdsFor(expression.of[1], facts);
    case 'not':
      return !holdsFor(expression.of, facts);
    case 'compare':
      return compare(expression.operator, valueOf(expression.left, facts), valueOf(expression.right, facts));
    default:
      return expression satisfies never;
  }
}

/** Whether latencies have to be kept for it. */
export function asksForLatency(expression: BreakerExpression): boolean {
  switch (expression.type) {
    case 'and':
    case 'or':
      return expression.of.some(asksForLatency);
    case 'not':
      return asksForLatency(expression.of);
    case 'compare':
      return [expression.left, expression.right].some(
        (side) => side.type === 'call' && side.name === 'LatencyAtQuantileMS',
      );
    default:
      return expression satisfies never;
  }
}

function compare(operator: BreakerOperator, left: number, right: number): boolean {
  switch (operator) {
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    default:
      return operator satisfies never;
  }
}

function valueOf(side: BreakerNumber, facts: BreakerFacts): number {
  if (side.type === 'number') return side.value;
  const [a = 0, b = 0, c = 0, d = 0] = side.values;
  switch (side.name) {
    case 'NetworkErrorRatio':
      return facts.networkErrorRatio;
    case 'ResponseCodeRatio': {
      const all = facts.answersWith(c, d);
      return all === 0 ? 0 : facts.answersWith(a, b) / all;
    }
    case 'LatencyAtQuantileMS':
      return facts.latencyMs(a);
    case 'RequestThreshold':
      return facts.requests;
    default:
      return side.name satisfies never;
  }
}

class ExpressionError extends Error {}

class Parser {
  readonly #text: string;
  #token = '';
  #kind: 'sign' | 'number' | 'word' | 'end' = 'end';
  #at = 0;
  #end = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): BreakerExpression {
    this.#advance();
    const expression = this.#or();
    if (this.#kind !== 'end') this.#fail('nothing more');
    return expression;
  }

  #or(): BreakerExpression {
    let left = this.#and();
    while (this.#take('||')) left = { type: 'or', of: [left, this.#and()] };
    return left;
  }

  #and(): BreakerExpression {
    let left = this.#term();
    while (this.#take('&&')) left = { type: 'and', of: [left, this.#term()] };
    return left;
  }

  #term(): BreakerExpression {
    this.#depth++;
    if (this.#depth > MAX_DEPTH) throw new ExpressionError(`more than ${MAX_DEPTH} levels of parentheses`);
    const expression = this.#unnested();
    this.#depth--;
    return expression;
  }

  #unnested(): BreakerExpression {
    if (this.#take('!')) {
      if (this.#token !== '(' && this.#token !== '!') this.#fail('"(" after "!"');
      return { type: 'not', of: this.#term() };
    }
    if (!this.#take('(')) return this.#comparison();
    const inner = this.#or();
    this.#need(')');
    return inner;
  }

  #comparison(): BreakerExpression {
    const left = this.#number();
    const operator = this.#token;
    if (!isOperator(operator)) return this.#fail('one of > >= < <= == !=');
    this.#advance();
    return { type: 'compare', operator, left, right: this.#number() };
  }

  #number(): BreakerNumber {
    if (this.#isNumber()) return { type: 'number', value: this.#literal() };
    const name = this.#token;
    if (!isFunction(name)) return this.#fail(`a number or one of ${Object.keys(FUNCTIONS).join(', ')}`);
    this.#advance();
    this.#need('(');
    const values: number[] = [];
    while (values.length < FUNCTIONS[name]) {
      if (values.length > 0) this.#need(',');
      if (!this.#isNumber()) this.#fail(`a number: ${name} takes ${FUNCTIONS[name]}`);
      values.push(this.#literal());
    }
    this.#need(')');
    if (name === 'LatencyAtQuantileMS' && (values[0] ?? 0) > 100) {
      throw new ExpressionError(`the quantile ${values[0]}, expected 0 to 100`);
    }
    return { type: 'call', name, values };
  }

  #isNumber(): boolean {
    return this.#kind === 'number';
  }

  #literal(): number {
    const value = Number(this.#token);
    this.#advance();
    return value;
  }

  #take(sign: string): boolean {
    if (this.#kind !== 'sign' || this.#token !== sign) return false;
    this.#advance();
    return true;
  }

  #need(sign: string): void {
    if (!this.#take(sign)) this.#fail(`"${sign}"`);
  }

  #advance(): void {
    TOKEN.lastIndex = this.#end;
    const match = TOKEN.exec(this.#text);
    if (match === null) {
      const rest = this.#text.slice(this.#end).trimStart();
      this.#at = this.#text.length - rest.length;
      this.#token = rest.slice(0, 1);
      this.#kind = 'end';
      if (rest !== '') throw new ExpressionError(`"${this.#token}" at character ${this.#at + 1}`);
      return;
    }
    const [, sign, number, word] = match;
    this.#token = sign ?? number ?? word ?? '';
    this.#kind = sign === undefined ? (number === undefined ? 'word' : 'number') : 'sign';
    this.#end = TOKEN.lastIndex;
    this.#at = this.#end - this.#token.length;
  }

  #fail(expected: string): never {
    const found = this.#kind === 'end' ? 'the end' : `"${this.#token}"`;
    throw new ExpressionError(`${found} at character ${this.#at + 1}, expected ${expected}`);
  }
}

function isOperator(token: string): token is BreakerOperator {
  return ['>', '>=', '<', '<=', '==', '!='].includes(token);
}

function isFunction(token: string): token is BreakerFunction {
  return Object.hasOwn(FUNCTIONS, token);
}
