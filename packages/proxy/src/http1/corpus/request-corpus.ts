import type { ErrorCode } from '@dproxy/core';

/** One hostile or unusual request head. `\x..` stands for raw bytes: the text is latin1. */
export interface RequestSample {
  readonly name: string;
  readonly text: string;
  readonly expected: ErrorCode | 'accepted';
  /** The threat or the rule that it stands for. */
  readonly source: string;
}

type Row = readonly [name: string, text: string, expected: ErrorCode | 'accepted'];

function samples(source: string, rows: readonly Row[]): RequestSample[] {
  return rows.map(([name, text, expected]) => ({ name, text, expected, source }));
}

/** A POST whose header lines after Host are `fields`. */
function post(...fields: string[]): string {
  return ['POST /p HTTP/1.1', 'Host: a.example', ...fields, '', ''].join('\r\n');
}

function get(...fields: string[]): string {
  return ['GET /p HTTP/1.1', 'Host: a.example', ...fields, '', ''].join('\r\n');
}

function line(requestLine: string): string {
  return `${requestLine}\r\nHost: a.example\r\n\r\n`;
}

function hosted(...hosts: string[]): string {
  return ['GET / HTTP/1.1', ...hosts.map((host) => `Host: ${host}`), '', ''].join('\r\n');
}

const lengthAndEncoding = samples('row 1: CL.TE and TE.CL (RFC 9112 section 6.1)', [
  ['length, then encoding', post('Content-Length: 6', 'Transfer-Encoding: chunked'), 'framing-conflict'],
  ['encoding, then length', post('Transfer-Encoding: chunked', 'Content-Length: 6'), 'framing-conflict'],
  ['length 0 and encoding', post('Content-Length: 0', 'Transfer-Encoding: chunked'), 'framing-conflict'],
  ['malformed length and encoding', post('Content-Length: x', 'Transfer-Encoding: chunked'), 'framing-conflict'],
  ['length and unknown encoding', post('Content-Length: 3', 'Transfer-Encoding: gzip'), 'framing-conflict'],
  ['both on GET', get('Content-Length: 6', 'Transfer-Encoding: chunked'), 'framing-conflict'],
]);

const MALFORMED_CODINGS = [
  '',
  '"chunked"',
  'chunked;',
  'chunked;q=1',
  'chunked, identity',
  'chunked, chunked',
  'chunked,',
  ',chunked',
  'chunked chunked',
  'chunked\xa0',
  '\xa0chunked',
  '\x85chunked',
  'chunked\x85',
  'chunked, gzip',
  '{chunked}',
  'chunked/1',
  'chunked:',
  '=chunked',
];
const UNKNOWN_CODINGS = [
  'xchunked',
  'identity',
  'gzip',
  'chunke',
  'chunkedx',
  'x-chunked',
  'gzip, chunked',
  "'chunked'",
];
const CONTROL_CODINGS = ['\x0bchunked', 'chunked\x0b', '\x0cchunked', 'chunked\x0c', 'chun\x00ked', 'chunked\x7f'];

const encodings = samples('row 2: TE.TE, obfuscated Transfer-Encoding', [
  ...MALFORMED_CODINGS.map((coding): Row => [
    JSON.stringify(coding),
    post(`Transfer-Encoding: ${coding}`),
    'transfer-encoding-malformed',
  ]),
  ...UNKNOWN_CODINGS.map((coding): Row => [
    JSON.stringify(coding),
    post(`Transfer-Encoding: ${coding}`),
    'transfer-encoding-unknown',
  ]),
  ...CONTROL_CODINGS.map((coding): Row => [
    JSON.stringify(coding),
    post(`Transfer-Encoding: ${coding}`),
    'header-malformed',
  ]),
  ['twice', post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 'transfer-encoding-malformed'],
  ['twice, one unknown', post('Transfer-Encoding: x', 'Transfer-Encoding: chunked'), 'transfer-encoding-malformed'],
  ['twice, one empty', post('Transfer-Encoding:', 'Transfer-Encoding: chunked'), 'transfer-encoding-malformed'],
  ['folded', post('Transfer-Encoding:\r\n chunked'), 'header-malformed'],
  ['tab before the name', post('\tTransfer-Encoding: chunked'), 'header-malformed'],
  ['plain', post('Transfer-Encoding: chunked'), 'accepted'],
  ['capitals, which mean the same', post('TRANSFER-ENCODING: Chunked'), 'accepted'],
  ['padded with SP and HTAB, which is no part of it', post('Transfer-Encoding: \t chunked \t'), 'accepted'],
]);

const bodyOnAnyMethod = samples('row 3: TE.0, CL.0: framing by headers for every method', [
  ['GET with length', get('Content-Length: 5'), 'accepted'],
  ['GET with chunks', get('Transfer-Encoding: chunked'), 'accepted'],
  ['HEAD with length', 'HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n', 'accepted'],
  ['OPTIONS with chunks', 'OPTIONS / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 'accepted'],
  ['DELETE with length', 'DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n', 'accepted'],
]);

const lineEnds = samples('row 4: CRLF only (CVE-2025-23167)', [
  ['LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 'request-line-malformed'],
  ['LF after a header', 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', 'header-malformed'],
  ['LF only', 'GET / HTTP/1.1\nHost: a\n\n', 'request-line-malformed'],
  ['LF as the empty line', 'GET / HTTP/1.1\r\nHost: a\r\n\n', 'header-malformed'],
  ['CR in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n', 'header-malformed'],
  ['CR CR LF', 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n', 'header-malformed'],
  ['CR LF CR X', 'GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n', 'header-malformed'],
  ['CR after the request line', 'GET / HTTP/1.1\rHost: a\r\n\r\n', 'request-line-malformed'],
  ['LF CR', 'GET / HTTP/1.1\r\nHost: a\n\r\n\r\n', 'header-malformed'],
  ['LF first', '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'request-line-malformed'],
  ['CR first', '\rGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'request-line-malformed'],
  ['two empty lines first', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'request-line-malformed'],
  ['one empty line first', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'accepted'],
]);

const whitespace = samples('row 8: obs-fold, space around names (CVE-2024-27982)', [
  ['space before the colon', get('X : b'), 'header-malformed'],
  ['tab before the colon', get('X\t: b'), 'header-malformed'],
  ['space before the colon of Content-Length', post('Content-Length : 5'), 'header-malformed'],
  ['space before the colon of Transfer-Encoding', post('Transfer-Encoding : chunked'), 'header-malformed'],
  ['folded with a space', get('X: b', ' c'), 'header-malformed'],
  ['folded with a tab', get('X: b', '\tc'), 'header-malformed'],
  ['space before the first header', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', 'header-malformed'],
  ['line of a space only', get(' ', 'X: b'), 'header-malformed'],
  ['no name', get(': b'), 'header-malformed'],
  ['no colon', get('X'), 'header-malformed'],
  ['space in a name', get('X Y: b'), 'header-malformed'],
  ['empty value', get('X:'), 'accepted'],
  ['no space after the colon', get('X:b'), 'accepted'],
]);

const BAD_LENGTHS = [
  '',
  '+5',
  '-5',
  '5, 5',
  '5,5',
  '5,6',
  '0x5',
  '5 5',
  '5.0',
  '1e3',
  '5_0',
  '\xb2',
  '5;',
  '1234567890123456',
];

const lengths = samples('row 9: Content-Length', [
  ...BAD_LENGTHS.map((length): Row => [
    JSON.stringify(length),
    post(`Content-Length: ${length}`),
    'content-length-malformed',
  ]),
  ['twice, the same', post('Content-Length: 5', 'Content-Length: 5'), 'content-length-malformed'],
  ['twice, different', post('Content-Length: 5', 'content-length: 6'), 'content-length-malformed'],
  ['with a form feed', post('Content-Length: \x0c5'), 'header-malformed'],
  ['fifteen digits', post('Content-Length: 123456789012345'), 'accepted'],
  ['leading zeros, one reading', post('Content-Length: 007'), 'accepted'],
]);

const CONTROLS = ['\x00', '\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x1f', '\x7f'];

const controls = samples('row 10: NUL, CTL, DEL', [
  ...CONTROLS.map((char): Row => [`${JSON.stringify(char)} in a name`, get(`X${char}Y: b`), 'header-malformed']),
  ...CONTROLS.map((char): Row => [`${JSON.stringify(char)} in a value`, get(`X: b${char}c`), 'header-malformed']),
  ...CONTROLS.filter((char) => char !== '\x7f').map((char): Row => [
    `${JSON.stringify(char)} in the target`,
    line(`GET /a${char}b HTTP/1.1`),
    'request-line-malformed',
  ]),
  ['DEL in the target', line('GET /a\x7fb HTTP/1.1'), 'target-malformed'],
  ['0x80 in the target', line('GET /a\x80b HTTP/1.1'), 'target-malformed'],
  ['UTF-8 in a name', get('X\xc3\xa4: b'), 'header-malformed'],
  ['UTF-8 in a value', get('X: \xc3\xa4'), 'accepted'],
  ['bracket in a name', get('X[]: b'), 'header-malformed'],
]);

const LOOKALIKES = [
  'Transfer_Encoding',
  'Content_Length',
  'Content_length',
  'X_Forwarded_For',
  'X-Forwarded_For',
  'X_Forwarded-Proto',
  'X_Forwarded_Prefix',
  'X_Real_IP',
  'X_Debug',
  'X_Debug_Backend',
  'Keep_Alive',
  'Proxy_Connection',
  'X.Forwarded.For',
  'Transfer~Encoding',
  'HTTP2_Settings',
];

const lookalikes = samples('row 11: names that a backend may read as others', [
  ...LOOKALIKES.map((name): Row => [name, get(`${name}: 1`), 'header-ambiguous']),
  ['underscore elsewhere', get('X_Request_Token: 1'), 'accepted'],
  ['dot elsewhere', get('X.Y: 1'), 'accepted'],
]);

const expectations = samples('row 12: Expect', [
  ['y 100-continue', post('Content-Length: 1', 'Expect: y 100-continue'), 'expectation-unknown'],
  ['100-continue, x', post('Content-Length: 1', 'Expect: 100-continue, x'), 'expectation-unknown'],
  ['empty', post('Content-Length: 1', 'Expect:'), 'expectation-unknown'],
  ['100-continuex', post('Content-Length: 1', 'Expect: 100-continuex'), 'expectation-unknown'],
  ['twice', post('Content-Length: 1', 'Expect: 100-continue', 'Expect: 100-continue'), 'expectation-unknown'],
  ['folded', post('Content-Length: 1', 'Expect:\r\n 100-continue'), 'header-malformed'],
  ['plain', post('Content-Length: 1', 'Expect: 100-continue'), 'accepted'],
]);

const oldVersions = samples('row 13: HTTP/1.0 (CVE-2026-2835)', [
  ['with Transfer-Encoding', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 'framing-conflict'],
  ['body until EOF does not exist', 'POST / HTTP/1.0\r\nHost: a\r\n\r\n', 'accepted'],
  ['without Host', 'GET / HTTP/1.0\r\n\r\n', 'host-malformed'],
]);

const methods = samples('row 15: methods', [
  ['CONNECT', 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n', 'method-refused'],
  ['TRACE', line('TRACE / HTTP/1.1'), 'method-refused'],
  ['small letters', line('get / HTTP/1.1'), 'request-line-malformed'],
  ['a colon in it', line('GET: / HTTP/1.1'), 'request-line-malformed'],
  ['25 bytes', line(`${'A'.repeat(25)} / HTTP/1.1`), 'request-line-malformed'],
  ['empty', line(' / HTTP/1.1'), 'request-line-malformed'],
  ['PURGE', line('PURGE / HTTP/1.1'), 'accepted'],
  ['M-SEARCH', line('M-SEARCH / HTTP/1.1'), 'accepted'],
]);

const versions = samples('RFC 9112 section 2.3: versions', [
  ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'version-unsupported'],
  ['HTTP/1.2', line('GET / HTTP/1.2'), 'version-unsupported'],
  ['HTTP/0.9', line('GET / HTTP/0.9'), 'version-unsupported'],
  ['HTTP/9.9', line('GET / HTTP/9.9'), 'version-unsupported'],
  ['http/1.1', line('GET / http/1.1'), 'request-line-malformed'],
  ['HTTP/1.10', line('GET / HTTP/1.10'), 'request-line-malformed'],
  ['HTTP/01.1', line('GET / HTTP/01.1'), 'request-line-malformed'],
  ['HTTP/1,1', line('GET / HTTP/1,1'), 'request-line-malformed'],
  ['HTTP/11', line('GET / HTTP/11'), 'request-line-malformed'],
  ['none (HTTP/0.9)', 'GET /\r\n\r\n', 'request-line-malformed'],
  ['space behind it', line('GET / HTTP/1.1 '), 'request-line-malformed'],
  ['two spaces', line('GET  / HTTP/1.1'), 'request-line-malformed'],
  ['two spaces before it', line('GET /  HTTP/1.1'), 'request-line-malformed'],
  ['tab', line('GET\t/ HTTP/1.1'), 'request-line-malformed'],
  ['space in the target', line('GET /a b HTTP/1.1'), 'request-line-malformed'],
  ['TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'request-line-malformed'],
  ['PROXY header', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'request-line-malformed'],
]);

const BAD_HOSTS = [
  '',
  'user@a.example',
  'user:pass@a.example',
  'a.example:',
  'a.example:x',
  'a.example:65536',
  'a.example:0',
  'a.example:123456',
  'a.example:80:80',
  'a.example/x',
  'a.example?x',
  'a.example#x',
  'a..example',
  '.a.example',
  '.',
  'a.example..',
  'a b',
  'a,b',
  'a.example, a.example',
  'a%2eexample',
  '[::1',
  '::1',
  '[::1]x',
  '[::1]:',
  '[fe80::1%25eth0]',
  '[]',
  '\xe4.example',
  'a\\b',
  `${'a'.repeat(64)}.example`,
  Array.from({ length: 130 }, () => 'a').join('.'),
];

const hosts = samples('row 24: Host', [
  ['none', 'GET / HTTP/1.1\r\n\r\n', 'host-malformed'],
  ['twice', hosted('a.example', 'a.example'), 'host-malformed'],
  ['twice, different', hosted('a.example', 'b.example'), 'host-malformed'],
  ...BAD_HOSTS.map((host): Row => [JSON.stringify(host.slice(0, 40)), hosted(host), 'host-malformed']),
  ['absolute form, other host', line('GET http://b.example/ HTTP/1.1'), 'host-malformed'],
  ['absolute form, other port', line('GET http://a.example:81/ HTTP/1.1'), 'host-malformed'],
  ['absolute form, userinfo', line('GET http://u@a.example/ HTTP/1.1'), 'host-malformed'],
  ['absolute form, userinfo that looks like Host', line('GET http://a.example@b.example/ HTTP/1.1'), 'host-malformed'],
  ['absolute form, no authority', line('GET http:///p HTTP/1.1'), 'host-malformed'],
  ['absolute form without Host', 'GET http://a.example/ HTTP/1.1\r\n\r\n', 'host-malformed'],
  ['absolute form, the same host', line('GET http://a.example/p HTTP/1.1'), 'accepted'],
  ['absolute form, other case', line('GET HTTP://A.Example/p HTTP/1.1'), 'accepted'],
  ['absolute form, no path', line('GET http://a.example HTTP/1.1'), 'accepted'],
  ['IPv6 with port', hosted('[::1]:8080'), 'accepted'],
  ['underscore', hosted('my_app.localhost'), 'accepted'],
  ['trailing dot', hosted('a.example.'), 'accepted'],
]);

const targets = samples('row 25: targets', [
  ['NUL as escape', line('GET /a%00b HTTP/1.1'), 'target-malformed'],
  ['fragment (CVE-2023-45539)', line('GET /a#b HTTP/1.1'), 'target-malformed'],
  ['no slash', line('GET a HTTP/1.1'), 'target-malformed'],
  ['query without a path', line('GET ?a HTTP/1.1'), 'target-malformed'],
  ['asterisk for GET', line('GET * HTTP/1.1'), 'target-malformed'],
  ['another scheme', line('GET ftp://a.example/ HTTP/1.1'), 'target-malformed'],
  ['authority form', line('GET a.example:80 HTTP/1.1'), 'target-malformed'],
  ['asterisk for OPTIONS', line('OPTIONS * HTTP/1.1'), 'accepted'],
  ['encoded slash', line('GET /a%2Fb HTTP/1.1'), 'accepted'],
  ['dot segments', line('GET /a/../b HTTP/1.1'), 'accepted'],
  ['characters that browsers leave', line('GET /a|b?{c}="d"^`e\\f HTTP/1.1'), 'accepted'],
]);

const connections = samples('row 21: Connection', [
  ['no list of names', get('Connection: a b'), 'header-malformed'],
  ['quoted', get('Connection: "close"'), 'header-malformed'],
  ['close with a no-break space', get('Connection: close\xa0'), 'header-malformed'],
  ['33 options', get(`Connection: ${Array.from({ length: 33 }, () => 'a').join(',')}`), 'header-malformed'],
  ['empty elements', get('Connection: , close ,,'), 'accepted'],
]);

const upgrades = samples('row 14: Upgrade', [
  ['no list of protocols', get('Connection: upgrade', 'Upgrade: web socket'), 'header-malformed'],
  [
    '33 protocols',
    get('Connection: upgrade', `Upgrade: ${Array.from({ length: 33 }, () => 'a').join(',')}`),
    'header-malformed',
  ],
  ['malformed, but not named by Connection', get('Upgrade: web socket'), 'accepted'],
]);

const prototypes = samples('row 34: names of Object.prototype', [
  ['__proto__', get('__proto__: 1'), 'accepted'],
  ['constructor', get('constructor: 1', 'hasOwnProperty: 1', 'toString: 1'), 'accepted'],
  ['as host', hosted('__proto__'), 'accepted'],
  ['as connection option', get('Connection: __proto__, constructor'), 'accepted'],
]);

export const REQUEST_CORPUS: readonly RequestSample[] = [
  ...lengthAndEncoding,
  ...encodings,
  ...bodyOnAnyMethod,
  ...lineEnds,
  ...whitespace,
  ...lengths,
  ...controls,
  ...lookalikes,
  ...expectations,
  ...oldVersions,
  ...methods,
  ...versions,
  ...hosts,
  ...targets,
  ...connections,
  ...upgrades,
  ...prototypes,
];
