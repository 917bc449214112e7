import { RuleError } from './rule-error.ts';

export type TokenType = 'name' | 'text' | '(' | ')' | ',' | '!' | '&&' | '||' | 'end';

export interface Token {
  readonly type: TokenType;
  /** Of a name itself, of a text its content. */
  readonly value: string;
  /** 1-based. */
  readonly column: number;
}

const SPACE = /\s*/y;
const PLAIN = /&&|\|\||[()!,]/y;
/** Wider than any matcher, so that a host without its backticks is named as a whole. */
const NAME = /[A-Za-z][\w.-]*/y;
/** Go's strings: raw between backticks, and with escapes between quotes. */
const RAW = /`([^`]*)`/y;
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/y;
const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))/g;
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/**
 * The words of a rule or of a constraint, one after another; the last one is `end`. Every expression is sticky and begins
 * where the last token ended, so no text takes more than linear time.
 *
 * @throws RuleError
 */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = take(SPACE, text, 0)?.end ?? 0;
  while (at < text.length) {
    const { token, end } = nextToken(text, at);
    tokens.push(token);
    at = take(SPACE, text, end)?.end ?? end;
  }
  tokens.push({ type: 'end', value: '', column: text.length + 1 });
  return tokens;
}

function nextToken(text: string, at: number): { readonly token: Token; readonly end: number } {
  const column = at + 1;
  const plain = take(PLAIN, text, at);
  if (plain !== undefined) return { token: { type: plain.all as TokenType, value: plain.all, column }, end: plain.end };
  const name = take(NAME, text, at);
  if (name !== undefined) return { token: { type: 'name', value: name.all, column }, end: name.end };
  const raw = take(RAW, text, at);
  if (raw !== undefined) return { token: { type: 'text', value: raw.first, column }, end: raw.end };
  const quoted = take(QUOTED, text, at);
  if (quoted !== undefined) {
    return { token: { type: 'text', value: unescape(quoted.first, column), column }, end: quoted.end };
  }
  throw unreadable(text, at);
}

function take(
  pattern: RegExp,
  text: string,
  at: number,
): { readonly all: string; readonly first: string; readonly end: number } | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found === null ? undefined : { all: found[0], first: found[1] ?? '', end: pattern.lastIndex };
}

function unescape(text: string, column: number): string {
  return text.replace(ESCAPE, (all: string, byte?: string, code?: string, letter?: string) => {
    const digits = byte ?? code;
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
    const character = ESCAPED.get(letter ?? '');
    if (character === undefined)
      throw new RuleError(column, `the escape ${all}`, '\\\\ or \\", or backticks around the text');
    return character;
  });
}

function unreadable(text: string, at: number): RuleError {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const column = at + 1;
  if (character === '`' || character === '"') {
    return new RuleError(column, `a text that begins with ${character} and never ends`, `another ${character}`);
  }
  if (character === "'") return new RuleError(column, character, 'backticks or double quotes around a text');
  if (character === '&' || character === '|') return new RuleError(column, character, `${character}${character}`);
  return new RuleError(column, character, 'a matcher such as Host(`example.com`), &&, ||, ! or a parenthesis');
}
