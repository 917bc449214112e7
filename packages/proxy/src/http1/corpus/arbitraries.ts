import * as fc from 'fast-check';

const TOKEN_CHARS = "!#$%&'*+-.^`|~0123456789ABCXYZabcxyz".split('');
const VALUE_CHARS = '\t !"#%&\'()*+,-./0:;<=>?@AZ[\\]^_`az{|}~\x80\xa0\xe4\xff'.split('');

/** Names that mean something to the codec, and some that do not. */
const KNOWN_NAMES = [
  'Accept',
  'Authorization',
  'Connection',
  'Content-Length',
  'Content-Type',
  'Cookie',
  'Expect',
  'Forwarded',
  'Keep-Alive',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Via',
  'X-Debug',
  'X-Forwarded-For',
  'X-Real-IP',
];
const KNOWN_VALUES = [
  '',
  '0',
  '5',
  'chunked',
  'close',
  'keep-alive',
  'upgrade',
  'websocket',
  '100-continue',
  'trailers',
  '*/*',
];

const value = fc.oneof(
  fc.constantFrom(...KNOWN_VALUES),
  fc.string({ unit: fc.constantFrom(...VALUE_CHARS), maxLength: 20 }),
);
const name = fc.oneof(
  fc.constantFrom(...KNOWN_NAMES),
  fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 12 }),
);
const target = fc.oneof(
  fc.constantFrom('/', '*', '/a/../b', '/%2e%2e/x', '//x', '/a?b=c', 'http://a.example/x', 'http://b.example/'),
  fc.webPath().map((path) => `/${path.replace(/^\//, '')}`),
);
const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0');

/** Heads that are well-formed as a text; whether they are acceptable is for the parser to say. */
export const requestText = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'M-SEARCH'),
    target,
    version,
    host: fc.constantFrom('a.example', 'A.example:8080', '[::1]', 'b.example'),
    fields: fc.array(fc.tuple(name, value), { maxLength: 8 }),
    hostAt: fc.nat(8),
  })
  .map(({ method, target: sent, version: spoken, host, fields, hostAt }) => {
    const lines = fields.map(([fieldName, fieldValue]) => `${fieldName}: ${fieldValue}`);
    lines.splice(hostAt, 0, `Host: ${host}`);
    return [`${method} ${sent} ${spoken}`, ...lines, '', ''].join('\r\n');
  });

export const responseText = fc
  .record({
    version,
    status: fc.integer({ min: 100, max: 599 }),
    reason: fc.constantFrom('OK', '', 'Not Found', 'x\xe4'),
    fields: fc.array(fc.tuple(name, value), { maxLength: 8 }),
  })
  .map(({ version: spoken, status, reason, fields }) => {
    const lines = fields.map(([fieldName, fieldValue]) => `${fieldName}: ${fieldValue}`);
    return [`${spoken} ${status} ${reason}`, ...lines, '', ''].join('\r\n');
  });

const EDIT_CHARS = '\r\n\t \0\x0b\x0c\x1f\x7f\x85\xa0:,;_-/.\\#%*0159AXacdehknt'.split('');

/** One to four small changes to a text: where a parser that is right about whole messages goes wrong. */
export const edits = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'replace', 'remove', 'double'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    text: fc.oneof(
      fc.constantFrom(...EDIT_CHARS),
      fc.constantFrom(
        '\r\n',
        '\r\n\r\n',
        '\n ',
        'Transfer-Encoding: chunked\r\n',
        'Content-Length: 5\r\n',
        'Host: b\r\n',
      ),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

type Edit = typeof edits extends fc.Arbitrary<infer List> ? (List extends readonly (infer One)[] ? One : never) : never;

export function edited(text: string, list: readonly Edit[]): string {
  let result = text;
  for (const { kind, at, text: piece } of list) {
    const offset = Math.floor(at * result.length);
    const before = result.slice(0, offset);
    if (kind === 'insert') result = before + piece + result.slice(offset);
    else if (kind === 'replace') result = before + piece + result.slice(offset + piece.length);
    else if (kind === 'remove') result = before + result.slice(offset + 1);
    else result = before + result.slice(offset, offset + 12) + result.slice(offset);
  }
  return result;
}

/** Cuts `0..length` at arbitrary places. */
export function cuts(length: number, places: readonly number[]): number[] {
  const inside = places.map((place) => Math.floor(place * length)).filter((place) => place > 0 && place < length);
  return [...new Set([...inside, length])].sort((one, other) => one - other);
}

export const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 12 });
