import { DEFAULT_LIMITS, type HeaderRules } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { CHUNK_END, chunkHeader, LAST_CHUNK } from './chunk-writer.ts';
import { HeadProgress } from './head-progress.ts';
import { checkHeaderBlock, headerLine } from './header-line.ts';
import { compileHeaderRules, isCodecOwned } from './header-rules.ts';
import type { RequestHead, ResponseHead } from './message.ts';
import { parseRequestHead } from './request-parser.ts';
import { writeRequestHead } from './request-writer.ts';
import { parseResponseHead } from './response-parser.ts';
import { clientFraming, type ResponseAdditions, writeInterimHead, writeResponseHead } from './response-writer.ts';

const NO_RULES: HeaderRules = { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] };
const PLAIN = { forwardedBlock: '', debugBlock: '', rules: undefined };
const KEPT: ResponseAdditions = { clientMinorVersion: 1, keepAlive: true, debugBlock: '', rules: undefined };
const OLD: ResponseAdditions = { ...KEPT, clientMinorVersion: 0 };

function request(...lines: string[]): RequestHead {
  const bytes = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1');
  return parseRequestHead(bytes, 0, bytes.length, DEFAULT_LIMITS, new HeadProgress()) as RequestHead;
}

function response(lines: readonly string[], method = 'GET', offeredUpgrade = ''): ResponseHead {
  const bytes = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1');
  const context = { method, offeredUpgrade, limits: DEFAULT_LIMITS };
  return parseResponseHead(bytes, 0, bytes.length, context, new HeadProgress()) as ResponseHead;
}

function linesOf(head: string): string[] {
  expect(head.endsWith('\r\n\r\n')).toBe(true);
  return head.slice(0, -4).split('\r\n');
}

describe('the head of a request', () => {
  it('is Host, what passes, what dproxy says, and the framing', () => {
    const head = request(
      'POST http://a/x?y HTTP/1.0',
      'Host: a',
      'B: 1',
      'Connection: keep-alive',
      'Content-Length: 3',
      'C: 2',
    );
    const additions = {
      forwardedBlock: 'X-Real-IP: 192.0.2.1\r\n',
      debugBlock: 'X-Debug-Backend: b\r\n',
      rules: undefined,
    };
    expect(linesOf(writeRequestHead(head, additions))).toEqual([
      'POST /x?y HTTP/1.1',
      'Host: a',
      'B: 1',
      'C: 2',
      'X-Real-IP: 192.0.2.1',
      'X-Debug-Backend: b',
      'Content-Length: 3',
    ]);
  });

  it('states chunks once', () => {
    const head = request('PUT / HTTP/1.1', 'Host: a', 'transfer-encoding: CHUNKED');
    expect(linesOf(writeRequestHead(head, PLAIN))).toEqual(['PUT / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked']);
  });

  it('names the fields of this hop in Connection', () => {
    const both = request('GET / HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: h2c, foo', 'TE: trailers');
    expect(linesOf(writeRequestHead(both, PLAIN)).slice(2)).toEqual([
      'Connection: Upgrade, TE',
      'Upgrade: foo',
      'TE: trailers',
    ]);
    const te = request('GET / HTTP/1.1', 'Host: a', 'TE: trailers');
    expect(linesOf(writeRequestHead(te, PLAIN)).slice(2)).toEqual(['Connection: TE', 'TE: trailers']);
  });

  it('is never one that ends by closing', () => {
    expect(() => writeRequestHead({ ...request('GET / HTTP/1.1', 'Host: a'), framing: 'close' }, PLAIN)).toThrow(
      RangeError,
    );
  });
});

describe('the head of a response', () => {
  it.each([
    ['length', ['HTTP/1.1 200 OK', 'Content-Length: 3'], KEPT, ['HTTP/1.1 200 OK', 'Content-Length: 3']],
    [
      'chunks',
      ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
      KEPT,
      ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    ],
    ['closing becomes chunks', ['HTTP/1.0 200 OK'], KEPT, ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked']],
    [
      'length to 1.0',
      ['HTTP/1.1 200 OK', 'Content-Length: 3'],
      OLD,
      ['HTTP/1.1 200 OK', 'Content-Length: 3', 'Connection: keep-alive'],
    ],
    [
      'chunks to 1.0 become closing',
      ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
      OLD,
      ['HTTP/1.1 200 OK', 'Connection: close'],
    ],
    ['closing to 1.0', ['HTTP/1.1 200 OK'], OLD, ['HTTP/1.1 200 OK', 'Connection: close']],
    [
      'draining',
      ['HTTP/1.1 200 OK', 'Content-Length: 0'],
      { ...KEPT, keepAlive: false },
      ['HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: close'],
    ],
    ['204', ['HTTP/1.1 204 No Content', 'Content-Length: 0'], KEPT, ['HTTP/1.1 204 No Content']],
    [
      '304',
      ['HTTP/1.1 304 Not Modified', 'Content-Length: 9'],
      KEPT,
      ['HTTP/1.1 304 Not Modified', 'Content-Length: 9'],
    ],
    ['no reason', ['HTTP/1.1 200', 'Content-Length: 0'], KEPT, ['HTTP/1.1 200 ', 'Content-Length: 0']],
  ] as const)('frames %s', (_, lines, additions, expected) => {
    expect(linesOf(writeResponseHead(response(lines), additions))).toEqual(expected);
  });

  it('to HEAD states the length that GET would have', () => {
    const head = response(['HTTP/1.1 200 OK', 'A: 1', 'Content-Length: 9'], 'HEAD');
    expect(linesOf(writeResponseHead(head, KEPT))).toEqual(['HTTP/1.1 200 OK', 'A: 1', 'Content-Length: 9']);
    expect(clientFraming(head, 1)).toBe('none');
  });

  it('of a 101 switches to what was offered', () => {
    const head = response(
      ['HTTP/1.1 101 X', 'Connection: upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Accept: y'],
      'GET',
      'websocket',
    );
    expect(linesOf(writeResponseHead(head, { ...KEPT, keepAlive: false }))).toEqual([
      'HTTP/1.1 101 X',
      'Sec-WebSocket-Accept: y',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ]);
  });

  it('of an interim answer carries its own fields only', () => {
    expect(
      linesOf(writeInterimHead(response(['HTTP/1.1 103 Early Hints', 'Link: </x>', 'Connection: close']))),
    ).toEqual(['HTTP/1.1 103 Early Hints', 'Link: </x>']);
  });
});

describe('header rules', () => {
  it('that change nothing compile to nothing', () => {
    expect(compileHeaderRules(NO_RULES)).toEqual({ request: undefined, response: undefined });
  });

  it('set and remove, dproxy’s own fields too', () => {
    const { request: rules } = compileHeaderRules({
      ...NO_RULES,
      requestSet: [
        ['x-tenant', 'red'],
        ['x-forwarded-proto', 'https'],
        ['host', 'inner.example'],
      ],
      requestRemove: ['Cookie', 'x-real-ip'],
    });
    const head = request(
      'GET / HTTP/1.1',
      'Host: a',
      'cookie: x',
      'X-TENANT: blue',
      'B: 1',
      'Cookie: y',
      'X-Tenant: green',
    );
    const forwardedBlock = 'X-Real-IP: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n';
    expect(linesOf(writeRequestHead(head, { forwardedBlock, debugBlock: '', rules }))).toEqual([
      'GET / HTTP/1.1',
      'Host: inner.example',
      'B: 1',
      'x-tenant: red',
      'x-forwarded-proto: https',
    ]);
  });

  it('change responses', () => {
    const { response: rules } = compileHeaderRules({
      ...NO_RULES,
      responseSet: [
        ['strict-transport-security', 'max-age=1'],
        ['x', '1'],
        ['x', '2'],
      ],
      responseRemove: ['server'],
    });
    const head = response([
      'HTTP/1.1 200 OK',
      'Server: s',
      'Strict-Transport-Security: max-age=0',
      'Content-Length: 0',
    ]);
    expect(linesOf(writeResponseHead(head, { ...KEPT, rules }))).toEqual([
      'HTTP/1.1 200 OK',
      'strict-transport-security: max-age=1',
      'x: 1',
      'x: 2',
      'Content-Length: 0',
    ]);
  });

  it('never touch framing', () => {
    const names = [
      'Content-Length',
      'transfer-encoding',
      'Connection',
      'Upgrade',
      'TE',
      'Trailer',
      'Keep-Alive',
      'Expect',
    ];
    const set = names.map((name) => [name, '1'] as const);
    const rules = { requestSet: set, requestRemove: names, responseSet: set, responseRemove: names };
    expect(compileHeaderRules(rules)).toEqual({ request: undefined, response: undefined });
    expect(names.every((name) => isCodecOwned(name.toLowerCase()))).toBe(true);
    expect(isCodecOwned('content-type')).toBe(false);
  });

  it.each(['a\r\nb', 'a\nb', 'a\rb', 'a\0', 'a\u010ab', 'a\u{1f600}', ' a', 'a\t'])('refuse the value %j', (value) => {
    expect(() => compileHeaderRules({ ...NO_RULES, requestSet: [['x', value]] })).toThrow(RangeError);
    expect(() => compileHeaderRules({ ...NO_RULES, requestSet: [['host', value]] })).toThrow(RangeError);
  });

  it.each(['', 'a b', 'a:', 'a\r\n', 'ä'])('refuse the name %j', (name) => {
    expect(() => compileHeaderRules({ ...NO_RULES, responseSet: [[name, 'x']] })).toThrow(RangeError);
  });
});

describe('lines made elsewhere', () => {
  it('are checked one by one or as a block', () => {
    expect(headerLine('X', 'a\tb \xe4')).toBe('X: a\tb \xe4\r\n');
    expect(headerLine('X', '')).toBe('X: \r\n');
    expect(checkHeaderBlock('')).toBe('');
    expect(checkHeaderBlock('X: 1\r\nY: 2\r\n')).toBe('X: 1\r\nY: 2\r\n');
  });

  it.each(['X: 1', 'X: 1\n', 'X: 1\r\n\r\n', 'X: 1\r\nY\r\n', 'X : 1\r\n', 'X: \u010a\r\n', '\r\n'])(
    'refuses the block %j',
    (block) => {
      expect(() => checkHeaderBlock(block)).toThrow(RangeError);
    },
  );

  it('end in CRLF, else rules cannot be applied', () => {
    const { request: rules } = compileHeaderRules({ ...NO_RULES, requestRemove: ['x'] });
    const additions = { forwardedBlock: 'Y: 1', debugBlock: '', rules };
    expect(() => writeRequestHead(request('GET / HTTP/1.1', 'Host: a'), additions)).toThrow(RangeError);
  });
});

describe('chunks', () => {
  it('are written in hexadecimal and never empty', () => {
    expect(`${chunkHeader(255)}${CHUNK_END}${LAST_CHUNK}`).toBe('ff\r\n\r\n0\r\n\r\n');
    expect(() => chunkHeader(0)).toThrow(RangeError);
  });
});
