/**
 * The arguments in a value: what whitespace separates. `"` and backticks keep it together; in the former `\"` is a quote. `#`
 * at the beginning of an argument ends the line.
 */
export function splitArguments(text: string): readonly string[] {
  const found: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const [whole, token] = nextToken(rest);
    if (token !== undefined) found.push(token);
    rest = rest.slice(whole).trimStart();
  }
  return found;
}

function nextToken(rest: string): [length: number, token: string | undefined] {
  if (rest.startsWith('#')) return [lineLength(rest), undefined];
  if (rest.startsWith('`')) return quoted(rest, '`');
  if (rest.startsWith('"')) return quoted(rest, '"');
  const [word = rest] = /^\S+/.exec(rest) ?? [];
  return [word.length, word];
}

/** An open quotation ends with the text. */
function quoted(rest: string, quote: '"' | '`'): [length: number, token: string] {
  let end = 1;
  while (end < rest.length && rest[end] !== quote) end += rest[end] === '\\' && quote === '"' ? 2 : 1;
  const token = rest.slice(1, end);
  return [end + 1, quote === '"' ? token.replaceAll('\\"', '"') : token];
}

function lineLength(rest: string): number {
  const end = rest.indexOf('\n');
  return end === -1 ? rest.length : end;
}
