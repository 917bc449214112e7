import { type Limits, ProxyError } from '@dproxy/core';
import { CR, latin1, LF } from './bytes.ts';
import { type ConnectionOptions, connectionOptions } from './connection.ts';
import { withoutFields } from './field-block.ts';
import { parseContentLength, transferEncodingFault } from './framing.ts';
import type { HeadProgress } from './head-progress.ts';
import { parseHost } from './host.ts';
import { type ForwardedClaims, type Framing, NO_CLAIMS, type RequestHead } from './message.ts';
import { HeaderSection } from './header-section.ts';
import { RequestFields } from './request-fields.ts';
import { RequestLine } from './request-line.ts';
import { parseTarget } from './target.ts';
import { offeredProtocols } from './upgrade.ts';

const requestLine = new RequestLine();
const section = new HeaderSection();

/**
 * Parses the request head that begins at `start`. Strict: whatever two servers could read in two ways is refused, and
 * the connection cannot be used after that.
 *
 * @param bytes may hold more than the head; the body begins at `start + byteLength`
 * @param progress what is known from earlier calls with the same `start` byte; one per connection
 * @returns undefined when the head is not complete and nothing in it is wrong so far
 * @throws ProxyError with a downstream code
 */
export function parseRequestHead(
  bytes: Buffer,
  start: number,
  end: number,
  limits: Limits,
  progress: HeadProgress,
): RequestHead | undefined {
  if (progress.scanned > 0 && !isComplete(bytes, start, end, limits, progress)) return undefined;
  const lineStart = bytes[start] === CR ? behindEmptyLine(bytes, start, end) : start;
  const parseEnd = Math.min(end, start + limits.headBytes);
  const head = readHead(bytes, start, lineStart, parseEnd, limits);
  if (head !== undefined) {
    progress.reset();
    return head;
  }
  if (end - start >= limits.headBytes) throw tooLarge(bytes, lineStart, end, limits);
  isComplete(bytes, start, end, limits, progress);
  return undefined;
}

/** RFC 9112 section 2.2: one empty line before the request line is skipped; old clients send one after a body. */
function behindEmptyLine(bytes: Buffer, start: number, end: number): number {
  if (start + 1 < end && bytes[start + 1] !== LF) throw new ProxyError('request-line-malformed', 'a CR without LF');
  return Math.min(start + 2, end);
}

function readHead(
  bytes: Buffer,
  start: number,
  lineStart: number,
  end: number,
  limits: Limits,
): RequestHead | undefined {
  if (!requestLine.read(bytes, lineStart, end, limits)) return undefined;
  if (!readSection(bytes, end, limits)) return undefined;
  const text = latin1(bytes, lineStart, section.end);
  const method = text.slice(0, requestLine.methodEnd - lineStart);
  if (method === 'CONNECT' || method === 'TRACE') throw new ProxyError('method-refused', method);
  const { minorVersion } = requestLine;
  const fields = new RequestFields();
  const passed = section.passed(text, lineStart, fields);
  if (fields.hosts !== 1) throw new ProxyError('host-malformed', `found ${fields.hosts} Host headers, expected 1`);
  const { host, hostHeader } = parseHost(bytes, fields.hostStart, fields.hostEnd);
  const raw = text.slice(requestLine.targetStart - lineStart, requestLine.targetEnd - lineStart);
  const { target, path, rawPath } = parseTarget(raw, method, hostHeader);
  const options = connectionOptions(fields.connection);
  if (options === undefined) throw new ProxyError('header-malformed', 'Connection is not a list of names');
  const framing = framingOf(fields, minorVersion);
  const contentLength = framing === 'length' ? lengthOf(fields) : 0;
  return {
    method,
    target,
    minorVersion,
    host,
    hostHeader,
    path,
    rawPath,
    framing,
    contentLength,
    keepAlive: !options.close && (minorVersion === 1 || options.keepAlive),
    upgrade: upgradeOf(fields, options, minorVersion),
    expectContinue: expectsContinue(fields, minorVersion) && (framing === 'chunked' || contentLength > 0),
    trailers: fields.te !== '' && /(?:^|,)[\t ]*trailers[\t ]*(?:,|$)/i.test(fields.te),
    claims: claimsOf(fields),
    debug: fields.debug,
    accept: fields.accept,
    passed: options.named.length === 0 ? passed : withoutFields(passed, (name) => options.named.includes(name)),
    byteLength: section.end - start,
  };
}

function readSection(bytes: Buffer, end: number, limits: Limits): boolean {
  const state = section.read(bytes, requestLine.nextLine, end, limits.headerCount, true);
  switch (state) {
    case 'complete':
      return true;
    case 'incomplete':
      return false;
    case 'malformed':
      throw new ProxyError('header-malformed', section.fault);
    case 'ambiguous':
      throw new ProxyError('header-ambiguous', section.fault);
    case 'too-many':
      throw new ProxyError('head-too-large', `more than ${limits.headerCount} header lines`);
    default:
      return state satisfies never;
  }
}

/** For heads that came in pieces. @throws ProxyError when there is a wrong byte or too many bytes already */
function isComplete(bytes: Buffer, start: number, end: number, limits: Limits, progress: HeadProgress): boolean {
  const state = progress.advance(bytes, start, end);
  if (state === 'complete') return true;
  const isFirstLine = progress.firstLine === 0;
  if (state === 'malformed') {
    throw new ProxyError(
      isFirstLine ? 'request-line-malformed' : 'header-malformed',
      'found a character that no head has',
    );
  }
  if (end - start >= limits.headBytes) throw tooLarge(bytes, start, end, limits);
  return false;
}

function tooLarge(bytes: Buffer, start: number, end: number, limits: Limits): ProxyError {
  const firstLine = bytes.subarray(start, end).indexOf(LF);
  const isTarget = firstLine < 0 || firstLine > limits.headBytes;
  return new ProxyError(isTarget ? 'target-too-long' : 'head-too-large', `more than ${limits.headBytes} bytes`);
}

/** Every method is framed by its headers, GET and HEAD too (threats: TE.0, CL.0); a request never ends by EOF. */
function framingOf(fields: RequestFields, minorVersion: 0 | 1): Framing {
  if (fields.transferEncodings === 0) return fields.contentLengths === 0 ? 'none' : 'length';
  if (fields.contentLengths > 0) throw new ProxyError('framing-conflict', 'Content-Length and Transfer-Encoding');
  // RFC 9112 section 6.1: faulty framing in HTTP/1.0 (CVE-2026-2835).
  if (minorVersion === 0) throw new ProxyError('framing-conflict', 'Transfer-Encoding in HTTP/1.0');
  const value = fields.transferEncoding;
  const fault = fields.transferEncodings > 1 ? 'transfer-encoding-malformed' : transferEncodingFault(value);
  if (fault !== undefined) throw new ProxyError(fault, `found ${JSON.stringify(value.slice(0, 64))}, expected chunked`);
  return 'chunked';
}

function lengthOf(fields: RequestFields): number {
  const length = fields.contentLengths === 1 ? parseContentLength(fields.contentLength) : -1;
  if (length >= 0) return length;
  const found = `${fields.contentLengths} of ${JSON.stringify(fields.contentLength.slice(0, 64))}`;
  throw new ProxyError('content-length-malformed', `found ${found}, expected one number`);
}

/** RFC 9110 section 7.8: an Upgrade counts when Connection names it, and never in HTTP/1.0. */
function upgradeOf(fields: RequestFields, options: ConnectionOptions, minorVersion: 0 | 1): string {
  if (fields.upgrade === '' || !options.upgrade || minorVersion === 0) return '';
  const offered = offeredProtocols(fields.upgrade);
  if (offered === undefined) throw new ProxyError('header-malformed', 'Upgrade is not a list of protocols');
  return offered;
}

/** RFC 9110 section 10.1.1: anything but `100-continue` is 417; HTTP/1.0 clients do not wait. */
function expectsContinue(fields: RequestFields, minorVersion: 0 | 1): boolean {
  if (fields.expects === 0) return false;
  if (fields.expects > 1 || fields.expect.toLowerCase() !== '100-continue') {
    throw new ProxyError('expectation-unknown', `found ${JSON.stringify(fields.expect.slice(0, 64))}`);
  }
  return minorVersion === 1;
}

function claimsOf(fields: RequestFields): ForwardedClaims {
  if (!fields.anyForwarded) return NO_CLAIMS;
  const { xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRealIp } = fields;
  return { xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRealIp, any: true };
}
