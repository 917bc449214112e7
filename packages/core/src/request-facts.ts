/** What conditions ask of a request. Whoever implements it works each out when it is asked for the first time. */
export interface RequestFacts {
  readonly method: string;
  /** As routes are matched by: lower case, without port and trailing dot. */
  readonly host: string;
  /** The path that the look-up is for: the canonical one, or the one as sent. */
  readonly path: string;
  /** The value of every line of this name, in order; the name is lower case. */
  header(name: string): readonly string[];
  cookie(name: string): readonly string[];
  /** Decoded. */
  query(name: string): readonly string[];
  /** As far as it is vouched for: of a trusted proxy, whom it speaks for. */
  readonly clientAddress: string;
  readonly isEncrypted: boolean;
}

/** Values by name. A Map, because names come from outside. */
export type ValuesByName = ReadonlyMap<string, readonly string[]>;

/** @param rawQuery what follows `?`, without it */
export function readQuery(rawQuery: string): ValuesByName {
  const values = new Map<string, string[]>();
  for (const pair of rawQuery === '' ? [] : rawQuery.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    add(values, decodeForm(name), equals === -1 ? '' : decodeForm(pair.slice(equals + 1)));
  }
  return values;
}

/** @param lines values of all `Cookie` lines: HTTP/2 may send several (RFC 9113 section 8.2.3) */
export function readCookies(lines: readonly string[]): ValuesByName {
  const values = new Map<string, string[]>();
  for (const pair of lines.flatMap((line) => line.split(';'))) {
    const equals = pair.indexOf('=');
    if (equals !== -1) add(values, pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return values;
}

function add(values: Map<string, string[]>, name: string, value: string): void {
  const known = values.get(name);
  if (known === undefined) values.set(name, [value]);
  else known.push(value);
}

/** As forms encode it. What is no escape, or no UTF-8, stands for itself: a backend may read it so, too. */
function decodeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  return spaced.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex');
    const decoded = bytes.toString('utf8');
    return decoded.includes('\ufffd') ? escapes : decoded;
  });
}
