import type { ErrorCode } from '@dproxy/core';

/** One response head from a backend, as latin1 text. */
export interface ResponseSample {
  readonly name: string;
  readonly text: string;
  readonly expected: ErrorCode | 'accepted' | 'incomplete';
  readonly source: string;
  readonly method?: string;
  readonly offeredUpgrade?: string;
}

type Row = readonly [
  name: string,
  text: string,
  expected: ResponseSample['expected'],
  more?: Pick<ResponseSample, 'method' | 'offeredUpgrade'>,
];

function samples(source: string, rows: readonly Row[]): ResponseSample[] {
  return rows.map(([name, text, expected, more]) => ({ name, text, expected, source, ...more }));
}

function ok(...fields: string[]): string {
  return ['HTTP/1.1 200 OK', ...fields, '', ''].join('\r\n');
}

function status(statusLine: string): string {
  return `${statusLine}\r\nContent-Length: 0\r\n\r\n`;
}

function interim(code: number, ...fields: string[]): string {
  return [`HTTP/1.1 ${code} X`, ...fields, '', ''].join('\r\n');
}

const websocket = { offeredUpgrade: 'websocket' };

const statusLines = samples('row 19: status line (RFC 9112 section 4)', [
  ['two digits', status('HTTP/1.1 20 OK'), 'upstream-malformed'],
  ['four digits', status('HTTP/1.1 2000 OK'), 'upstream-malformed'],
  ['below 100', status('HTTP/1.1 099 X'), 'upstream-malformed'],
  ['above 599', status('HTTP/1.1 600 X'), 'upstream-malformed'],
  ['no digits', status('HTTP/1.1 2x0 OK'), 'upstream-malformed'],
  ['signed', status('HTTP/1.1 +20 OK'), 'upstream-malformed'],
  ['HTTP/2', status('HTTP/2.0 200 OK'), 'upstream-malformed'],
  ['HTTP/1.2', status('HTTP/1.2 200 OK'), 'upstream-malformed'],
  ['no version', status('200 OK'), 'upstream-malformed'],
  ['ICY', status('ICY 200 OK'), 'upstream-malformed'],
  ['small letters', status('http/1.1 200 OK'), 'upstream-malformed'],
  ['two spaces', status('HTTP/1.1  200 OK'), 'upstream-malformed'],
  ['empty line first', status('\r\nHTTP/1.1 200 OK'), 'upstream-malformed'],
  ['HTTP/0.9 body', '<html>', 'upstream-malformed'],
  ['TLS alert', '\x15\x03\x01\x00\x02\x02\x46', 'upstream-malformed'],
  ['NUL in the reason', status('HTTP/1.1 200 O\x00K'), 'upstream-malformed'],
  ['CR in the reason', status('HTTP/1.1 200 O\rK'), 'upstream-malformed'],
  ['no reason', status('HTTP/1.1 200 '), 'accepted'],
  ['no reason and no space', status('HTTP/1.1 200'), 'accepted'],
  ['UTF-8 in the reason', status('HTTP/1.1 200 \xc3\xa4'), 'accepted'],
  ['beginning only', 'HTT', 'incomplete'],
  ['CR at the end', 'HTTP/1.1 200 OK\r', 'incomplete'],
]);

const framing = samples('row 19: framing (RFC 9112 section 6.3)', [
  ['length and chunks', ok('Content-Length: 5', 'Transfer-Encoding: chunked'), 'upstream-malformed'],
  ['chunks and length', ok('Transfer-Encoding: chunked', 'Content-Length: 5'), 'upstream-malformed'],
  [
    'length and chunks for HEAD',
    ok('Content-Length: 5', 'Transfer-Encoding: chunked'),
    'upstream-malformed',
    { method: 'HEAD' },
  ],
  ['length twice', ok('Content-Length: 5', 'Content-Length: 5'), 'upstream-malformed'],
  ['length list', ok('Content-Length: 5, 5'), 'upstream-malformed'],
  ['length signed', ok('Content-Length: +5'), 'upstream-malformed'],
  ['length empty', ok('Content-Length:'), 'upstream-malformed'],
  ['length of 16 digits', ok('Content-Length: 1234567890123456'), 'upstream-malformed'],
  ['malformed length with 304', 'HTTP/1.1 304 X\r\nContent-Length: x\r\n\r\n', 'upstream-malformed'],
  ['unknown coding', ok('Transfer-Encoding: gzip, chunked'), 'upstream-malformed'],
  ['identity', ok('Transfer-Encoding: identity'), 'upstream-malformed'],
  ['xchunked', ok('Transfer-Encoding: xchunked'), 'upstream-malformed'],
  ['chunked twice', ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 'upstream-malformed'],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'upstream-malformed'],
  ['interim with length', interim(100, 'Content-Length: 5'), 'upstream-malformed'],
  ['interim with chunks', interim(103, 'Transfer-Encoding: chunked'), 'upstream-malformed'],
  ['until it closes', ok(), 'accepted'],
]);

const lines = samples('row 19: header lines', [
  ['folded', ok('X: a', ' b'), 'upstream-malformed'],
  ['LF', 'HTTP/1.1 200 OK\nX: a\n\n', 'upstream-malformed'],
  ['LF after a header', 'HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n', 'upstream-malformed'],
  ['CR LF CR', 'HTTP/1.1 200 OK\r\nX: a\r\n\rY: b\r\n\r\n', 'upstream-malformed'],
  ['CR in a value', ok('X: a\rSet-Cookie: b'), 'upstream-malformed'],
  ['NUL in a value', ok('X: a\x00'), 'upstream-malformed'],
  ['space before the colon', ok('X : a'), 'upstream-malformed'],
  ['no colon', ok('X'), 'upstream-malformed'],
  ['no name', ok(': a'), 'upstream-malformed'],
  ['Connection is no list', ok('Connection: a b'), 'upstream-malformed'],
]);

const upgrades = samples('row 14: 101 only as offered (CVE-2026-2833)', [
  ['not offered', interim(101, 'Connection: upgrade', 'Upgrade: websocket'), 'upstream-malformed'],
  ['another one', interim(101, 'Connection: upgrade', 'Upgrade: h2c'), 'upstream-malformed', websocket],
  ['two', interim(101, 'Connection: upgrade', 'Upgrade: websocket, h2c'), 'upstream-malformed', websocket],
  [
    'two lines',
    interim(101, 'Connection: upgrade', 'Upgrade: websocket', 'Upgrade: x'),
    'upstream-malformed',
    websocket,
  ],
  ['none named', interim(101, 'Connection: upgrade'), 'upstream-malformed', websocket],
  ['not in Connection', interim(101, 'Upgrade: websocket'), 'upstream-malformed', websocket],
  [
    'with length',
    interim(101, 'Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 5'),
    'upstream-malformed',
    websocket,
  ],
  ['as offered, other case', interim(101, 'connection: Upgrade', 'upgrade: WebSocket'), 'accepted', websocket],
  [
    'two, which were offered',
    interim(101, 'connection: upgrade', 'upgrade: a, b'),
    'upstream-malformed',
    { offeredUpgrade: 'a, b' },
  ],
  ['one of two', interim(101, 'connection: upgrade', 'upgrade: b'), 'accepted', { offeredUpgrade: 'a, B' }],
]);

export const RESPONSE_CORPUS: readonly ResponseSample[] = [...statusLines, ...framing, ...lines, ...upgrades];
