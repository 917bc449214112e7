import { type Limits, ProxyError } from '@dproxy/core';
import { latin1 } from './bytes.ts';
import { type ConnectionOptions, connectionOptions } from './connection.ts';
import { withoutFields } from './field-block.ts';
import { parseContentLength, transferEncodingFault } from './framing.ts';
import type { HeadProgress } from './head-progress.ts';
import type { Framing, ResponseHead } from './message.ts';
import { HeaderSection } from './header-section.ts';
import { ResponseFields } from './response-fields.ts';
import { StatusLine } from './status-line.ts';
import { isOffered } from './upgrade.ts';

/** What of the request decides how its response is read. */
export interface ResponseContext {
  /** RFC 9112 section 6.3: a response to HEAD has no body, whatever its headers say. */
  readonly method: string;
  /**
   * `RequestHead.upgrade` as it was sent to the backend; empty when none was. A connection on which a switch was offered
   * carries no other request, even when it was declined: some servers (node:http) have stopped reading requests by then.
   */
  readonly offeredUpgrade: string;
  readonly limits: Limits;
}

const statusLine = new StatusLine();
const section = new HeaderSection();

/**
 * Parses the response head that begins at `start`. A status of 100 to 199 except 101 is interim: the final head follows
 * directly behind it, and its `framing` is `none`.
 *
 * @param progress what is known from earlier calls with the same `start` byte; one per upstream connection
 * @returns undefined when the head is not complete and nothing in it is wrong so far
 * @throws ProxyError `upstream-malformed` or `upstream-head-too-large`; the connection must be destroyed
 */
export function parseResponseHead(
  bytes: Buffer,
  start: number,
  end: number,
  context: ResponseContext,
  progress: HeadProgress,
): ResponseHead | undefined {
  if (progress.scanned > 0 && !isComplete(bytes, start, end, context.limits, progress)) return undefined;
  const parseEnd = Math.min(end, start + context.limits.upstreamHeadBytes);
  const head = readHead(bytes, start, parseEnd, context);
  if (head !== undefined) {
    progress.reset();
    return head;
  }
  if (end - start >= context.limits.upstreamHeadBytes) throw tooLarge(context.limits);
  isComplete(bytes, start, end, context.limits, progress);
  return undefined;
}

function readHead(bytes: Buffer, start: number, end: number, context: ResponseContext): ResponseHead | undefined {
  if (!statusLine.read(bytes, start, end)) return undefined;
  if (!readSection(bytes, end, context.limits)) return undefined;
  const text = latin1(bytes, start, section.end);
  const { status, minorVersion } = statusLine;
  const fields = new ResponseFields();
  const passed = section.passed(text, start, fields);
  const options = connectionOptions(fields.connection);
  if (options === undefined) throw malformed('Connection is not a list of names');
  const statedLength = lengthOf(fields);
  const framing = framingOf(fields, status, minorVersion, context.method);
  return {
    status,
    reason: text.slice(statusLine.reasonStart - start, statusLine.reasonEnd - start),
    minorVersion,
    framing,
    contentLength: framing === 'length' ? statedLength : 0,
    keepAlive:
      framing !== 'close' && context.offeredUpgrade === '' && keepsAlive(fields, options, status, minorVersion),
    keepAliveTimeoutMs: fields.keepAlive === '' ? 0 : timeoutMs(fields.keepAlive),
    upgrade: status === 101 ? switchedTo(fields, options, context) : '',
    passed: options.named.length === 0 ? passed : withoutFields(passed, (name) => options.named.includes(name)),
    statedLength: framing === 'none' ? statedLength : -1,
    byteLength: section.end - start,
  };
}

function readSection(bytes: Buffer, end: number, limits: Limits): boolean {
  const state = section.read(bytes, statusLine.nextLine, end, limits.upstreamHeaderCount, false);
  switch (state) {
    case 'complete':
      return true;
    case 'incomplete':
      return false;
    case 'malformed':
    case 'ambiguous':
      throw malformed(section.fault);
    case 'too-many':
      throw new ProxyError('upstream-head-too-large', `more than ${limits.upstreamHeaderCount} header lines`);
    default:
      return state satisfies never;
  }
}

function isComplete(bytes: Buffer, start: number, end: number, limits: Limits, progress: HeadProgress): boolean {
  const state = progress.advance(bytes, start, end);
  if (state === 'malformed') throw malformed('found a character that no head has');
  if (state === 'incomplete' && end - start >= limits.upstreamHeadBytes) throw tooLarge(limits);
  return state === 'complete';
}

function tooLarge(limits: Limits): ProxyError {
  return new ProxyError('upstream-head-too-large', `more than ${limits.upstreamHeadBytes} bytes`);
}

/** -1 when absent. RFC 9112 section 6.3 item 5: several or a malformed one make the response unusable. */
function lengthOf(fields: ResponseFields): number {
  if (fields.contentLengths === 0) return -1;
  const length = fields.contentLengths === 1 ? parseContentLength(fields.contentLength) : -1;
  if (length < 0) throw malformed(`found Content-Length ${JSON.stringify(fields.contentLength.slice(0, 64))}`);
  return length;
}

function framingOf(fields: ResponseFields, status: number, minorVersion: 0 | 1, method: string): Framing {
  const isChunked = fields.transferEncodings > 0;
  if (isChunked) checkTransferEncoding(fields, minorVersion);
  if (status < 200) {
    // RFC 9110 section 8.6, RFC 9112 section 6.1: an interim answer with a length is a second answer in disguise.
    if (isChunked || fields.contentLengths > 0) throw malformed(`a ${status} with a body`);
    return 'none';
  }
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  if (isChunked) return 'chunked';
  return fields.contentLengths > 0 ? 'length' : 'close';
}

/** Response splitting begins where two readers see two lengths: refused, not repaired (RFC 9112 section 6.1). */
function checkTransferEncoding(fields: ResponseFields, minorVersion: 0 | 1): void {
  if (fields.contentLengths > 0) throw malformed('both Content-Length and Transfer-Encoding');
  if (minorVersion === 0) throw malformed('Transfer-Encoding in HTTP/1.0');
  if (fields.transferEncodings > 1 || transferEncodingFault(fields.transferEncoding) !== undefined) {
    throw malformed(`found Transfer-Encoding ${JSON.stringify(fields.transferEncoding.slice(0, 64))}`);
  }
}

/** A 204 that claims a body may be followed by one: its connection is not used again. */
function keepsAlive(fields: ResponseFields, options: ConnectionOptions, status: number, minorVersion: 0 | 1): boolean {
  if (options.close || (minorVersion === 0 && !options.keepAlive)) return false;
  return status !== 204 || (fields.transferEncodings === 0 && Number(fields.contentLength) === 0);
}

/** `timeout=5` of Keep-Alive, in ms; 0 when there is none that makes sense. */
function timeoutMs(value: string): number {
  const at = value.toLowerCase().indexOf('timeout=');
  const seconds = at < 0 ? 0 : Number.parseInt(value.slice(at + 'timeout='.length, at + 'timeout='.length + 6), 10);
  return seconds > 0 ? seconds * 1000 : 0;
}

function switchedTo(fields: ResponseFields, options: ConnectionOptions, context: ResponseContext): string {
  if (!options.upgrade || !isOffered(fields.upgrade, context.offeredUpgrade)) {
    const offered = JSON.stringify(context.offeredUpgrade);
    throw malformed(`a 101 to ${JSON.stringify(fields.upgrade.slice(0, 64))}, offered was ${offered}`);
  }
  return fields.upgrade;
}

function malformed(detail: string): ProxyError {
  return new ProxyError('upstream-malformed', detail);
}
