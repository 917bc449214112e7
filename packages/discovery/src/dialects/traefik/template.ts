import { didYouMean } from '@dproxy/core';
import { normalize } from './names.ts';
import { RuleError } from './rule-error.ts';

/** What a default rule may speak of. */
export interface TemplateFacts {
  readonly name: string;
  readonly containerName: string;
  readonly labels: ReadonlyMap<string, string>;
}

export type Template = (facts: TemplateFacts) => string;

type Term = (facts: TemplateFacts) => string;
type Apply = (values: readonly string[]) => string;

const MAX_LENGTH = 2_048;
const MAX_DEPTH = 16;
/** A result that is longer is no rule. */
const MAX_RESULT = 8_192;

/** The functions of Go's templates and of sprig that make sense for one line of text; the piped value is the last one. */
const FUNCTIONS: ReadonlyMap<string, { readonly count: number; readonly apply: Apply }> = new Map([
  ['normalize', { count: 1, apply: ([text = '']) => normalize(text) }],
  ['lower', { count: 1, apply: ([text = '']) => text.toLowerCase() }],
  ['upper', { count: 1, apply: ([text = '']) => text.toUpperCase() }],
  ['trim', { count: 1, apply: ([text = '']) => text.trim() }],
  [
    'trimPrefix',
    { count: 2, apply: ([part = '', text = '']) => (text.startsWith(part) ? text.slice(part.length) : text) },
  ],
  [
    'trimSuffix',
    {
      count: 2,
      apply: ([part = '', text = '']) => (part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text),
    },
  ],
  [
    'replace',
    { count: 3, apply: ([from = '', to = '', text = '']) => (from === '' ? text : text.replaceAll(from, to)) },
  ],
  ['default', { count: 2, apply: ([otherwise = '', text = '']) => (text === '' ? otherwise : text) }],
]);

/** `-` beside the braces is about space around the action, of which rules need none. */
const ACTION = /\{\{(?:-\s)?([^{}]*?)(?:\s-)?\}\}/g;
const TOKEN = /\s*(?:("(?:[^"\\]|\\["\\])*"|`[^`]*`)|(\.[A-Za-z]*|[A-Za-z]+)|([()|]))/y;

/**
 * A small part of Go's templates: text with `{{ function argument | function }}`, where arguments are `.Name`,
 * `.ContainerName`, `index .Labels "name"`, texts and parentheses. There is no `if` and no `range`.
 *
 * @throws RuleError
 */
export function readTemplate(text: string): Template {
  if (text.length > MAX_LENGTH) throw new RuleError(1, `${text.length} characters`, `at most ${MAX_LENGTH} characters`);
  const parts: Term[] = [];
  let end = 0;
  for (const found of text.matchAll(ACTION)) {
    parts.push(literal(text.slice(end, found.index), end));
    parts.push(new Parser(found[1] ?? '', found.index + 1).parse());
    end = found.index + found[0].length;
  }
  parts.push(literal(text.slice(end), end));
  return (facts) =>
    parts
      .map((part) => part(facts))
      .join('')
      .slice(0, MAX_RESULT);
}

function literal(text: string, start: number): Term {
  const brace = text.search(/\{\{|\}\}/);
  if (brace !== -1)
    throw new RuleError(start + brace + 1, text.slice(brace, brace + 2), '{{ and }} around each action');
  return () => text;
}

interface Word {
  readonly type: 'text' | 'word' | 'sign' | 'end';
  readonly value: string;
}

class Parser {
  readonly #words: Word[] = [];
  readonly #column: number;
  #at = 0;

  constructor(action: string, column: number) {
    this.#column = column;
    let at = 0;
    while (action.slice(at).trim() !== '') {
      TOKEN.lastIndex = at;
      const found = TOKEN.exec(action);
      if (found === null) throw this.#error(action.slice(at).trim(), 'a function, .Name, a text or a parenthesis');
      const [, text, word, sign] = found;
      if (text !== undefined) this.#words.push({ type: 'text', value: text.slice(1, -1).replace(/\\(["\\])/g, '$1') });
      else if (word !== undefined) this.#words.push({ type: 'word', value: word });
      else this.#words.push({ type: 'sign', value: sign ?? '' });
      at = TOKEN.lastIndex;
    }
  }

  parse(): Term {
    const term = this.#pipeline(0);
    if (this.#word.type !== 'end') throw this.#error(this.#word.value, '| or }}');
    return term;
  }

  get #word(): Word {
    return this.#words[this.#at] ?? { type: 'end', value: '}}' };
  }

  #pipeline(depth: number): Term {
    if (depth > MAX_DEPTH) throw this.#error('more parentheses', `at most ${MAX_DEPTH} levels`);
    let term = this.#command(depth, undefined);
    while (this.#accept('|')) term = this.#command(depth, term);
    return term;
  }

  #command(depth: number, piped: Term | undefined): Term {
    const { type, value } = this.#word;
    const isFunction = type === 'word' && !value.startsWith('.');
    if (!isFunction) {
      if (piped !== undefined) throw this.#error(value, 'a function after |');
      return this.#operand(depth);
    }
    this.#at += 1;
    if (value === 'index') return this.#index();
    const known = FUNCTIONS.get(value);
    if (known === undefined) throw this.#error(value, nearestFunction(value));
    const terms: Term[] = [];
    while (this.#word.type !== 'end' && this.#word.value !== '|' && this.#word.value !== ')')
      terms.push(this.#operand(depth));
    if (piped !== undefined) terms.push(piped);
    if (terms.length !== known.count) {
      throw this.#error(`${value} with ${terms.length} values`, `${value} with ${known.count}`);
    }
    return (facts) => known.apply(terms.map((term) => term(facts))).slice(0, MAX_RESULT);
  }

  #operand(depth: number): Term {
    const { type, value } = this.#word;
    this.#at += 1;
    if (type === 'text') return () => value;
    if (value === '.Name') return (facts) => facts.name;
    if (value === '.ContainerName') return (facts) => facts.containerName;
    if (type !== 'sign' || value !== '(') {
      throw this.#error(value, '.Name, .ContainerName, index .Labels "name", a text, or a function in parentheses');
    }
    const term = this.#pipeline(depth + 1);
    if (!this.#accept(')')) throw this.#error(this.#word.value, ')');
    return term;
  }

  #index(): Term {
    const labels = this.#word;
    const key = this.#words[this.#at + 1];
    if (labels.value !== '.Labels' || key?.type !== 'text') throw this.#error(labels.value, 'index .Labels "name"');
    this.#at += 2;
    return (facts) => facts.labels.get(key.value) ?? '';
  }

  #accept(sign: string): boolean {
    if (this.#word.type !== 'sign' || this.#word.value !== sign) return false;
    this.#at += 1;
    return true;
  }

  #error(found: string, expected: string): RuleError {
    return new RuleError(this.#column, found, expected);
  }
}

function nearestFunction(wrong: string): string {
  const names = [...FUNCTIONS.keys(), 'index'];
  const meant = didYouMean(wrong, names);
  return meant === undefined ? `one of: ${names.join(', ')}` : `${meant}, probably`;
}
