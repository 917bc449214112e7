import { STATUS_CODES } from 'node:http';
import { type Limits, ProxyError } from '@dproxy/core';
import { HeadProgress, headerLine, parseResponseHead, type ResponseHead } from '../../http1/index.ts';
import { fieldKind } from '../../http1/field-kind.ts';

/** RFC 9113 section 8.2.2: a response with one of them is malformed; to a client of HTTP/1.1 it would be its framing. */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/**
 * RFC 9110 section 6.5.1: what decides about caching, authentication or the content must be known before the content, and must
 * not be changed behind it by a client that merges trailers into the headers.
 */
const NO_TRAILER =
  /^(?:authorization|cookie|set-cookie|content-.*|cache-control|age|expires|date|location|vary|retry-after|range|pragma|warning|www-authenticate|proxy-.*|authentication-info|strict-transport-security|access-control-.*)$/;

/**
 * Reads the head of a response of HTTP/2.
 *
 * It is written as the head of HTTP/1.1 that means the same, and read by the one strict parser: its limits and its rules about
 * what is passed on are then those of every response, and nothing gets further that HTTP/1.1 could not say.
 *
 * @param raw name, value, name, value
 * @throws ProxyError `upstream-malformed`, `upstream-head-too-large`
 */
export function readResponseHead(raw: readonly string[], method: string, limits: Limits): ResponseHead {
  let status = '';
  let lines = '';
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    if (name === ':status') status = raw[index + 1] as string;
    else lines += lineOf(name, raw[index + 1] as string);
  }
  if (!/^[1-9]\d\d$/.test(status)) throw malformed(`found status ${JSON.stringify(status.slice(0, 16))}`);
  // RFC 9113 section 8.6.
  if (status === '101') throw malformed('found status 101, which HTTP/2 does not have');
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`;
  const bytes = Buffer.from(text, 'latin1');
  const head = parseResponseHead(bytes, 0, bytes.length, { method, offeredUpgrade: '', limits }, new HeadProgress());
  if (head === undefined) throw malformed('a head without an end');
  return head;
}

/**
 * The trailers that go on, as header lines.
 *
 * @throws ProxyError `upstream-malformed`
 */
export function readResponseTrailers(raw: readonly string[], limits: Limits): string {
  let lines = '';
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] as string;
    const line = lineOf(name, raw[index + 1] as string);
    if (mayBeTrailer(name)) lines += line;
  }
  if (lines.length > limits.trailerBytes) throw malformed(`trailers of more than ${limits.trailerBytes} bytes`);
  return lines;
}

function mayBeTrailer(name: string): boolean {
  return fieldKind(Buffer.from(name, 'latin1'), 0, name.length) === 'plain' && !NO_TRAILER.test(name);
}

/** No name or value can end its line early, whatever nghttp2 has let through. */
function lineOf(name: string, value: string): string {
  if (CONNECTION_SPECIFIC.has(name)) throw malformed(`found ${name}, which HTTP/2 does not have`);
  try {
    return headerLine(name, value);
  } catch (error) {
    throw new ProxyError('upstream-malformed', `header ${JSON.stringify(name.slice(0, 64))}`, { cause: error });
  }
}

function malformed(detail: string): ProxyError {
  return new ProxyError('upstream-malformed', detail);
}
