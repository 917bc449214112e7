import { interpolate, type Variables } from './interpolate.ts';

/**
 * Lines of a `.env` file: `NAME=value`, with `#` comments, an optional `export`, and quotes. In double quotes and without any,
 * variables are filled in; in single quotes nothing is.
 *
 * @param outer variables that are set already; those of earlier lines count, too
 */
export function readEnvFile(text: string, outer: Variables): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, raw = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) found.set(name, valueOf(raw.trim(), new Map([...found, ...outer])));
    else {
      // A bare name is passed on from outside.
      const bare = /^\s*([A-Za-z_]\w*)\s*$/.exec(line)?.[1] ?? '';
      const value = outer.get(bare);
      if (value !== undefined) found.set(bare, value);
    }
  }
  return found;
}

function valueOf(raw: string, variables: Variables): string {
  const single = /^'([^']*)'/.exec(raw);
  if (single !== null) return single[1] ?? '';
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(raw);
  if (double !== null) return interpolate(unescape(double[1] ?? ''), variables).text;
  return interpolate(raw.replace(/\s+#.*$/, ''), variables).text;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES.get(letter) ?? letter);
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
