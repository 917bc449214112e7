/** What stands in a value for addresses of the container itself. No label has a NUL: it is refused. */
const MARK = '\u0000';
const UPSTREAMS = /^upstreams(?:\s+(?:https?|h2c|"(?:https?|h2c)"|\d{1,5}))*$/;
/** Characters. */
const MAX_ACTION = 200;
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
  let value = '';
  let end = 0;
  // By hand: an expression for it takes minutes for a label of spaces, or of `{{`.
  for (let start = raw.indexOf('{{'); start !== -1; start = raw.indexOf('{{', end)) {
    const close = raw.indexOf('}}', start + 2);
    if (close === -1) return { problem: 'a template without its end' };
    const action = raw
      .slice(start + 2, close)
      .replace(/^-/, '')
      .replace(/-$/, '')
      .trim();
    if (!EMPTY.test(action) && !isUpstreamsAction(action)) return { problem: raw.slice(start, close + 2) };
    value += raw.slice(end, start) + (EMPTY.test(action) ? '' : markOf(action));
    end = close + 2;
  }
  return { value: value + raw.slice(end) };
}

function isUpstreamsAction(action: string): boolean {
  return action.length <= MAX_ACTION && UPSTREAMS.test(action);
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
