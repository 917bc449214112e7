/** What stands in a value for addresses of the container itself. No label has a NUL: it is refused. */
const MARK = '\u0000';
const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const UPSTREAMS = /^upstreams(?:\s+(?:https?|h2c|"(?:https?|h2c)"|\d{1,5}))*$/;
const EMPTY = /^(?:""|``)$/;

/** `{{upstreams [scheme] [port]}}` */
export interface Upstreams {
  readonly scheme: '' | 'http' | 'https' | 'h2c';
  /** 0: not said. */
  readonly port: number;
}

/**
 * Replaces templates. Go's template language is a programming language; of it `upstreams` and the empty text are understood.
 *
 * @returns the text, or the template that cannot be used
 */
export function expandTemplates(raw: string): { readonly value: string } | { readonly problem: string } {
  if (raw.includes(MARK)) return { problem: 'a NUL character' };
  let problem: string | undefined;
  const value = raw.replaceAll(ACTION, (whole, action: string) => {
    if (EMPTY.test(action)) return '';
    if (UPSTREAMS.test(action)) return markOf(action);
    problem ??= whole;
    return '';
  });
  if (problem === undefined && value.includes('{{')) problem = 'a template without its end';
  return problem === undefined ? { value } : { problem };
}

export function isUpstreams(token: string): boolean {
  return token.includes(MARK);
}

/** @returns undefined for a token that is not one template alone */
export function upstreamsIn(token: string): Upstreams | undefined {
  const [before, said = '', after, ...more] = token.split(MARK);
  if (before !== '' || after !== '' || more.length > 0) return undefined;
  const [, scheme = '', port = ''] = /^(https?|h2c|):(\d{1,5})$/.exec(said) ?? [];
  return port === '' ? undefined : { scheme: scheme as Upstreams['scheme'], port: Number(port) };
}

function markOf(action: string): string {
  const [scheme = ''] = /https?|h2c/.exec(action) ?? [];
  const [port = '0'] = /(?<=\s)\d+/.exec(action) ?? [];
  return `${MARK}${scheme}:${port}${MARK}`;
}
