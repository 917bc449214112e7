/** Variables of compose files, as `docker compose` has them: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `$$`. */

export type Variables = ReadonlyMap<string, string>;

export interface Interpolated {
  readonly text: string;
  /** Variables that are not set, and that nothing stands in for. */
  readonly unset: readonly string[];
  /** Why the text cannot be used; empty: it can. */
  readonly problem: string;
}

/** Defaults may have defaults. */
const MAX_DEPTH = 8;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;

export function interpolate(raw: string, variables: Variables): Interpolated {
  if (!raw.includes('$')) return { text: raw, unset: [], problem: '' };
  const reader = new Reader(variables);
  const text = reader.read(raw, 0);
  return { text, unset: [...reader.unset], problem: reader.problem };
}

class Reader {
  readonly unset = new Set<string>();
  problem = '';
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  read(raw: string, depth: number): string {
    let text = '';
    let at = 0;
    for (let dollar = raw.indexOf('$'); dollar !== -1; dollar = raw.indexOf('$', at)) {
      text += raw.slice(at, dollar);
      const next = raw[dollar + 1];
      if (next === '$') {
        text += '$';
        at = dollar + 2;
      } else if (next === '{') {
        const end = closing(raw, dollar + 2);
        text += this.#braced(raw.slice(dollar + 2, end), depth);
        at = end + 1;
      } else {
        const [name = ''] = NAME.exec(raw.slice(dollar + 1, dollar + 257)) ?? [];
        text += name === '' ? this.#refuse('a $ that begins no variable; $$ is a dollar sign') : this.#value(name);
        at = dollar + 1 + name.length;
      }
    }
    return text + raw.slice(at);
  }

  /** What stands between the braces. */
  #braced(inside: string, depth: number): string {
    const [name = ''] = NAME.exec(inside) ?? [];
    const [, isStrict = '', operator = '', word = ''] = /^(:?)([-?+])(.*)$/s.exec(inside.slice(name.length)) ?? [];
    const hasWord = operator !== '';
    if (name === '' || (!hasWord && name.length < inside.length)) return this.#refuse('a ${...} that cannot be read');
    if (!hasWord) return this.#value(name);
    const value = this.#variables.get(name);
    const isThere = value !== undefined && (isStrict === '' || value !== '');
    if (operator === '+') return isThere ? this.#nested(word, depth) : '';
    if (isThere) return value;
    return operator === '-' ? this.#nested(word, depth) : this.#refuse(`${name} must be set: ${word}`);
  }

  #nested(word: string, depth: number): string {
    return depth >= MAX_DEPTH ? this.#refuse('too many defaults in each other') : this.read(word, depth + 1);
  }

  #value(name: string): string {
    const value = this.#variables.get(name);
    if (value === undefined) this.unset.add(name);
    return value ?? '';
  }

  #refuse(problem: string): string {
    this.problem ||= problem;
    return '';
  }
}

/** Index of the brace that ends what begins at `from`; the length of the text when there is none. */
function closing(raw: string, from: number): number {
  let depth = 1;
  for (let at = from; at < raw.length; at += 1) {
    if (raw[at] === '}') depth -= 1;
    else if (raw[at] === '{' && raw[at - 1] === '$') depth += 1;
    if (depth === 0) return at;
  }
  return raw.length;
}
