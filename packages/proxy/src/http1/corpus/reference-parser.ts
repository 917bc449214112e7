/** What a head says, as far as two servers must agree about it. */
export interface ReferenceHead {
  readonly method: string;
  readonly target: string;
  readonly hostHeader: string;
  readonly framing: 'none' | 'length' | 'chunked';
  readonly contentLength: number;
  /** All header lines, names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly byteLength: number;
}

/**
 * A second reading of request heads, written from the grammar of RFC 9112 without a thought of speed, and strict: the
 * oracle of the property tests. It shares no code with the codec.
 *
 * @returns undefined for everything that it does not fully understand
 */
export function readReference(text: string): ReferenceHead | undefined {
  const skipped = text.startsWith('\r\n') ? 2 : 0;
  const end = text.indexOf('\r\n\r\n', skipped);
  if (end < 0) return undefined;
  const [requestLine = '', ...lines] = text.slice(skipped, end).split('\r\n');
  const parts = /^([A-Z][A-Z_-]*) ([!"$-~]+) HTTP\/1\.([01])$/.exec(requestLine);
  if (parts === null) return undefined;
  const fields: [string, string][] = [];
  for (const line of lines) {
    const field =
      /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*((?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[\t ]*$/.exec(line);
    if (field === null) return undefined;
    fields.push([(field[1] as string).toLowerCase(), field[2] as string]);
  }
  const all = (name: string) => fields.filter((field) => field[0] === name).map((field) => field[1]);
  const framing = framingOf(all('content-length'), all('transfer-encoding'), parts[3] === '0');
  const [hostHeader, secondHost] = all('host');
  if (framing === undefined || hostHeader === undefined || secondHost !== undefined) return undefined;
  const [method, target] = [parts[1] as string, parts[2] as string];
  return { method, target, hostHeader, ...framing, fields, byteLength: end + 4 };
}

function framingOf(
  lengths: readonly string[],
  codings: readonly string[],
  isOld: boolean,
): Pick<ReferenceHead, 'framing' | 'contentLength'> | undefined {
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    return isChunked && lengths.length === 0 && !isOld ? { framing: 'chunked', contentLength: 0 } : undefined;
  }
  if (lengths.length === 0) return { framing: 'none', contentLength: 0 };
  if (lengths.length > 1 || !/^[0-9]{1,15}$/.test(lengths[0] as string)) return undefined;
  return { framing: 'length', contentLength: Number(lengths[0]) };
}
