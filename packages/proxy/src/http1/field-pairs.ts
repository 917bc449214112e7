/**
 * A block of header lines as HTTP/2 has them: name, value, name, value, with names in lower case (RFC 9113 section 8.2.1).
 *
 * @param block lines that each end in CRLF, as the parsers and writers of http1 make them
 */
export function fieldPairs(block: string, pairs: string[] = []): string[] {
  for (let at = 0; at < block.length;) {
    const lineEnd = block.indexOf('\r\n', at);
    const colon = block.indexOf(':', at);
    if (lineEnd < 0 || colon < 0 || colon > lineEnd) throw new RangeError('a block of header lines must end in CRLF');
    pairs.push(block.slice(at, colon).toLowerCase(), withoutBlanks(block, colon + 1, lineEnd));
    at = lineEnd + 2;
  }
  return pairs;
}

/** The same for what of `node:http2` takes no list: repeated names have several values. */
export function fieldObject(block: string): Record<string, string[]> {
  const fields: Record<string, string[]> = Object.create(null);
  const pairs = fieldPairs(block);
  for (let index = 0; index < pairs.length; index += 2) {
    (fields[pairs[index] as string] ??= []).push(pairs[index + 1] as string);
  }
  return fields;
}

/** RFC 9113 section 8.2.1: a value neither begins nor ends with a blank. */
function withoutBlanks(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
