import type { ErrorCode } from '@dproxy/core';

interface Head {
  readonly source: string;
  readonly name: string;
  readonly text: string;
  readonly expected: ErrorCode;
}

function post(...fields: string[]): string {
  return ['POST /p HTTP/1.1', 'Host: a.example', ...fields, '', ''].join('\r\n');
}

function rows(
  source: string,
  entries: readonly (readonly [name: string, text: string, expected: ErrorCode])[],
): Head[] {
  return entries.map(([name, text, expected]) => ({ source, name, text, expected }));
}

/** What the parser's own corpus has not: tricks that were aimed at whole proxies. */
export const MORE_HEADS: readonly Head[] = [
  ...rows('row 1', [
    [
      'both, with the length in other case and far apart',
      post(
        'CONTENT-LENGTH: 4',
        ...Array.from({ length: 40 }, (_, index) => `X-${index}: y`),
        'transfer-encoding: chunked',
      ),
      'framing-conflict',
    ],
    ['both, the encoding unknown', post('Content-Length: 4', 'Transfer-Encoding: cow'), 'framing-conflict'],
    [
      'both, the length of the smuggled request',
      post('Content-Length: 71', 'Transfer-Encoding: chunked'),
      'framing-conflict',
    ],
    [
      'both, the encoding named by Connection',
      post('Content-Length: 4', 'Connection: transfer-encoding', 'Transfer-Encoding: chunked'),
      'framing-conflict',
    ],
    [
      'both, the length named by Connection',
      post('Connection: content-length', 'Content-Length: 4', 'Transfer-Encoding: chunked'),
      'framing-conflict',
    ],
  ]),
  ...rows('row 2', [
    ['a line break in the coding', post('Transfer-Encoding: chun\r\nked'), 'header-malformed'],
    ['a colon in the name', post('Transfer-Encoding:: chunked'), 'transfer-encoding-malformed'],
    ['a name in quotes', post('"Transfer-Encoding": chunked'), 'header-malformed'],
    ['a zero-width space', post('Transfer-Encoding: \xe2\x80\x8bchunked'), 'transfer-encoding-malformed'],
    [
      'a Kelvin sign for k, which some lower-case to k',
      post('Transfer-Encoding: chun\xe2\x84\xaaed'),
      'transfer-encoding-malformed',
    ],
    ['a long s in the name', post('Tran\xc5\xbffer-Encoding: chunked'), 'header-malformed'],
    ['a value behind a comment', post('Transfer-Encoding: (x) chunked'), 'transfer-encoding-malformed'],
    [
      'named by Connection',
      post('Connection: transfer-encoding', 'Transfer-Encoding: identity'),
      'transfer-encoding-unknown',
    ],
    [
      'the coding of old, in two lines',
      post('Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'),
      'transfer-encoding-malformed',
    ],
  ]),
  ...rows('row 4', [
    ['LF LF behind the headers', 'GET / HTTP/1.1\r\nHost: a\r\nX: y\n\n', 'header-malformed'],
    ['CR CR LF LF', 'GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\n', 'header-malformed'],
    ['a vertical tab as line end', 'GET / HTTP/1.1\r\nHost: a\x0bX: y\r\n\r\n', 'header-malformed'],
    ['next line (0x85) as line end of the request line', 'GET / HTTP/1.1\x85Host: a\r\n\r\n', 'request-line-malformed'],
  ]),
  ...rows('row 8', [
    ['a folded Host', 'GET / HTTP/1.1\r\nHost:\r\n a.example\r\n\r\n', 'header-malformed'],
    ['a folded empty line', post('X: y', ' ', 'Z: w'), 'header-malformed'],
    ['a tab line as the end of the head', 'GET / HTTP/1.1\r\nHost: a\r\n\t\r\n\r\n', 'header-malformed'],
    ['a no-break space before the colon', post('Content-Length\xa0: 5'), 'header-malformed'],
  ]),
  ...rows('row 9', [
    [
      'a list of equal ones in one line and a second line',
      post('Content-Length: 5, 5', 'Content-Length: 5'),
      'content-length-malformed',
    ],
    ['Arabic digits', post('Content-Length: \xd9\xa5'), 'content-length-malformed'],
    ['2^64 + 5', post('Content-Length: 18446744073709551621'), 'content-length-malformed'],
    ['2^53 + 1 in digits that still fit', post('Content-Length: 9007199254740993'), 'content-length-malformed'],
    ['octal', post('Content-Length: 0o5'), 'content-length-malformed'],
    ['a comment', post('Content-Length: 5 (five)'), 'content-length-malformed'],
    [
      'on GET, twice',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 71\r\n\r\n',
      'content-length-malformed',
    ],
  ]),
  ...rows('row 11', [
    [
      'Transfer-Encoding_ beside the real one',
      post('Transfer.Encoding: chunked', 'Content-Length: 4'),
      'header-ambiguous',
    ],
    ['a backquote', post('Content`Length: 4'), 'header-ambiguous'],
    ['a plus', post('X+Forwarded+For: 127.0.0.1'), 'header-ambiguous'],
  ]),
  ...rows('row 12', [
    ['a tab inside', post('Content-Length: 1', 'Expect: 100-\tcontinue'), 'expectation-unknown'],
    [
      'on a request without a body',
      'GET / HTTP/1.1\r\nHost: a\r\nExpect: y 100-continue\r\n\r\n',
      'expectation-unknown',
    ],
    ['named by Connection', post('Connection: expect', 'Expect: 200-ok', 'Content-Length: 1'), 'expectation-unknown'],
  ]),
  ...rows('row 13', [
    [
      '1.0 with both',
      'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n',
      'framing-conflict',
    ],
    [
      '1.0 with an unknown coding',
      'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n',
      'framing-conflict',
    ],
    [
      '1.0 keep-alive with chunks',
      'POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n',
      'framing-conflict',
    ],
  ]),
  ...rows('row 15', [
    ['CONNECT in origin form', 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n', 'method-refused'],
    ['CONNECT with a body', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\n', 'method-refused'],
    ['TRACE with Max-Forwards', 'TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n', 'method-refused'],
  ]),
  ...rows('row 24', [
    ['Host behind the body of another', 'GET / HTTP/1.1\r\nX: y\r\nHost : a\r\n\r\n', 'header-malformed'],
    ['Host with a tab inside', 'GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n', 'host-malformed'],
    ['Host with a full-width dot', 'GET / HTTP/1.1\r\nHost: a\xef\xbc\x8eexample\r\n\r\n', 'host-malformed'],
    ['Host of a mapped address with a zone', 'GET / HTTP/1.1\r\nHost: [::ffff:127.0.0.1%lo]\r\n\r\n', 'host-malformed'],
    [
      'a second Host whose name is in other case',
      'GET / HTTP/1.1\r\nHost: a\r\nHOST: b.example\r\n\r\n',
      'host-malformed',
    ],
    ['absolute form with an empty Host', 'GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n', 'host-malformed'],
    [
      'absolute form, backslash before the @',
      'GET http://a\\@b.example/ HTTP/1.1\r\nHost: a\r\n\r\n',
      'host-malformed',
    ],
    ['absolute form with two slashes more', 'GET http:////a/ HTTP/1.1\r\nHost: a\r\n\r\n', 'host-malformed'],
    ['absolute form with another scheme', 'GET file://a/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n', 'target-malformed'],
    ['absolute form of a WebSocket', 'GET ws://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 'target-malformed'],
  ]),
];
