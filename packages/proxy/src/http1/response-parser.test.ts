import { DEFAULT_LIMITS } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { RESPONSE_CORPUS } from './corpus/response-corpus.ts';
import { codeOf } from './corpus/outcomes.ts';
import { HeadProgress } from './head-progress.ts';
import type { ResponseHead } from './message.ts';
import { parseResponseHead, type ResponseContext } from './response-parser.ts';

const GET: ResponseContext = { method: 'GET', offeredUpgrade: '', limits: DEFAULT_LIMITS };
const HEAD: ResponseContext = { ...GET, method: 'HEAD' };

function parse(text: string, context: ResponseContext = GET): ResponseHead | undefined {
  const bytes = Buffer.from(text, 'latin1');
  return parseResponseHead(bytes, 0, bytes.length, context, new HeadProgress());
}

function head(lines: readonly string[], context: ResponseContext = GET): ResponseHead {
  const parsed = parse([...lines, '', ''].join('\r\n'), context);
  if (parsed === undefined) throw new Error('the head is not complete');
  return parsed;
}

describe('heads of backends', () => {
  it.each(RESPONSE_CORPUS.map((sample) => [`${sample.source}: ${sample.name}`, sample] as const))('%s', (_, sample) => {
    const context = { ...GET, method: sample.method ?? 'GET', offeredUpgrade: sample.offeredUpgrade ?? '' };
    expect(codeOf(() => parse(sample.text, context))).toBe(sample.expected);
  });
});

describe('a response', () => {
  it('is read into its parts', () => {
    const text = 'HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\n\r\n';
    expect(parse(`${text}body`)).toEqual({
      status: 404,
      reason: 'Not Found',
      minorVersion: 1,
      framing: 'length',
      contentLength: 4,
      keepAlive: true,
      keepAliveTimeoutMs: 0,
      upgrade: '',
      passed: 'Server: x\r\nSet-Cookie: a=b\r\n',
      statedLength: -1,
      byteLength: text.length,
    });
  });

  it('keeps what belongs to one hop, and what speaks in our name, to itself', () => {
    const parsed = head([
      'HTTP/1.1 200 OK',
      'Connection: keep-alive, X-Hop',
      'Keep-Alive: timeout=5, max=100',
      'X-Hop: 1',
      'A: 1',
      'Upgrade: h2,h2c',
      'Trailer: X',
      'TE: trailers',
      'Proxy-Connection: keep-alive',
      'X-Debug-Backend: other',
      'X-Debug: 1',
      'B: 2',
      'Content-Length: 0',
    ]);
    expect(parsed).toMatchObject({
      passed: 'A: 1\r\nB: 2\r\n',
      upgrade: '',
      keepAlive: true,
      keepAliveTimeoutMs: 5000,
    });
  });

  it.each([
    ['timeout=5', 5000],
    ['max=3, Timeout=15', 15_000],
    ['timeout=0', 0],
    ['timeout=-1', 0],
    ['timeout=x', 0],
    ['max=3', 0],
    ['timeout=99999999999', 999_999_000],
  ])('with Keep-Alive: %s keeps its connection for %i ms', (value, timeoutMs) => {
    expect(head(['HTTP/1.1 200 OK', `Keep-Alive: ${value}`, 'Content-Length: 0']).keepAliveTimeoutMs).toBe(timeoutMs);
  });
});

describe('the end of a response', () => {
  it('is told by Content-Length, by chunks, or by closing', () => {
    expect(head(['HTTP/1.1 200 OK', 'Content-Length: 7'])).toMatchObject({ framing: 'length', contentLength: 7 });
    expect(head(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'])).toMatchObject({
      framing: 'chunked',
      keepAlive: true,
    });
    expect(head(['HTTP/1.1 200 OK'])).toMatchObject({ framing: 'close', keepAlive: false });
  });

  it.each([100, 103, 204, 304])('is its head for %i', (status) => {
    expect(head([`HTTP/1.1 ${status} X`])).toMatchObject({ status, framing: 'none', contentLength: 0 });
  });

  it('is its head for HEAD, whatever the headers say', () => {
    expect(head(['HTTP/1.1 200 OK', 'Content-Length: 9'], HEAD)).toMatchObject({
      framing: 'none',
      contentLength: 0,
      statedLength: 9,
      keepAlive: true,
    });
    expect(head(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], HEAD)).toMatchObject({
      framing: 'none',
      statedLength: -1,
    });
  });
});

describe('the connection of a backend', () => {
  it.each([
    [['HTTP/1.1 200 OK', 'Content-Length: 0'], true],
    [['HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: close'], false],
    [['HTTP/1.0 200 OK', 'Content-Length: 0'], false],
    [['HTTP/1.0 200 OK', 'Content-Length: 0', 'Connection: keep-alive'], true],
    [['HTTP/1.1 204 X'], true],
    [['HTTP/1.1 204 X', 'Content-Length: 0'], true],
    [['HTTP/1.1 204 X', 'Content-Length: 5'], false],
    [['HTTP/1.1 204 X', 'Transfer-Encoding: chunked'], false],
  ])('after %j can be used again: %s', (lines, keepAlive) => {
    expect(head(lines).keepAlive).toBe(keepAlive);
  });
});

describe('a declined upgrade', () => {
  it('leaves a connection that is not used again', () => {
    const context = { ...GET, offeredUpgrade: 'websocket' };
    expect(head(['HTTP/1.1 200 OK', 'Content-Length: 0'], context).keepAlive).toBe(false);
  });
});

describe('limits', () => {
  const response = (count: number) => `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(count)}\r\n`;

  it('hold for header lines', () => {
    expect(codeOf(() => parse(response(200)))).toBe('accepted');
    expect(codeOf(() => parse(response(201)))).toBe('upstream-head-too-large');
  });

  it('hold for bytes, complete or not', () => {
    const large = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(DEFAULT_LIMITS.upstreamHeadBytes)}`;
    expect(codeOf(() => parse(large))).toBe('upstream-head-too-large');
    expect(codeOf(() => parse(`${large}\r\n\r\n`))).toBe('upstream-head-too-large');
    const limits = { ...DEFAULT_LIMITS, upstreamHeadBytes: response(3).length };
    expect(codeOf(() => parse(`${response(3)}body`, { ...GET, limits }))).toBe('accepted');
  });

  it('hold for a head that comes byte by byte', () => {
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100)}`, 'latin1');
    const context = { ...GET, limits: { ...DEFAULT_LIMITS, upstreamHeadBytes: 50 } };
    const progress = new HeadProgress();
    for (let end = 1; end < 50; end++) expect(parseResponseHead(bytes, 0, end, context, progress)).toBeUndefined();
    expect(codeOf(() => parseResponseHead(bytes, 0, 50, context, progress))).toBe('upstream-head-too-large');
  });
});
