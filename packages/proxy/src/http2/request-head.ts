import { randomBytes } from 'node:crypto';
import { type Limits, ProxyError } from '@dproxy/core';
import { HeadProgress, parseRequestHead, type RequestHead } from '../http1/index.ts';
import { type Http2Fields, sortFields } from './request-fields.ts';

/** A request of HTTP/2 as the phases see it. */
export interface Http2Request {
  readonly head: RequestHead;
  /** The `Sec-WebSocket-Key` that was made for extended CONNECT (RFC 8441); empty for any other request. */
  readonly webSocketKey: string;
}

const METHOD = /^[A-Z][A-Z_-]*$/;
/** No blank can end a target, no `#` begins a fragment. */
const TARGET = /^[!"$-~]+$/;
/** What is decided by us in a WebSocket handshake. */
const OWN_HANDSHAKE: ReadonlySet<string> = new Set(['sec-websocket-key', 'sec-websocket-accept']);

/**
 * Reads the head of a request.
 *
 * It is written as the head of HTTP/1.1 that means the same, and read by the one strict parser: so there is one place that
 * decides what a name, a value, a host, a path or a length may be, no limit differs, and nothing that HTTP/2 can say and
 * HTTP/1.1 cannot gets any further (downgrade attacks; threats: rows 16 to 18).
 *
 * @param raw name, value, name, value
 * @param isEnd there is no body
 * @throws ProxyError with a downstream code
 */
export function readRequestHead(raw: readonly string[], isEnd: boolean, limits: Limits): Http2Request {
  const fields = sortFields(raw);
  const { method, path, protocol } = fields;
  if (!METHOD.test(method)) throw new ProxyError('request-line-malformed', 'expected a method in capitals');
  if (method === 'CONNECT' && protocol === undefined) throw new ProxyError('method-refused', method);
  if (protocol !== undefined) checkProtocol(fields);
  if (fields.scheme !== 'https' && fields.scheme !== 'http') {
    throw new ProxyError('target-malformed', `found scheme ${JSON.stringify(fields.scheme.slice(0, 64))}`);
  }
  if (path === undefined || !TARGET.test(path) || !(path.startsWith('/') || path === '*')) {
    throw new ProxyError('target-malformed', `found ${JSON.stringify(path?.slice(0, 100))}, expected /path`);
  }
  const webSocketKey = protocol === undefined ? '' : randomBytes(16).toString('base64');
  const text =
    `${protocol === undefined ? method : 'GET'} ${path} HTTP/1.1\r\nhost: ${hostOf(fields)}\r\n` +
    `${regularLines(fields, protocol !== undefined)}${framingLine(fields, isEnd, webSocketKey)}\r\n`;
  const bytes = Buffer.from(text, 'latin1');
  const head = parseRequestHead(bytes, 0, bytes.length, limits, new HeadProgress());
  if (head === undefined) throw new ProxyError('header-malformed', 'a head without an end');
  return { head, webSocketKey };
}

/** RFC 8441 section 4: CONNECT with a protocol, of which WebSocket is the one that a backend of HTTP/1.1 can be asked for. */
function checkProtocol({ method, protocol }: Http2Fields): void {
  if (method !== 'CONNECT') throw new ProxyError('header-malformed', ':protocol without CONNECT');
  if (protocol !== 'websocket') {
    throw new ProxyError('protocol-unknown', `found ${JSON.stringify(protocol?.slice(0, 64))}, expected websocket`);
  }
}

/** RFC 9113 section 8.3.1. Two names for one request are two sites: refused, not resolved (threats: row 18). */
function hostOf({ authority, host }: Http2Fields): string {
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    throw new ProxyError('host-malformed', ':authority and Host differ');
  }
  const name = authority ?? host;
  if (name === undefined || name === '') throw new ProxyError('host-malformed', 'neither :authority nor Host');
  return name;
}

function regularLines({ regular }: Http2Fields, isWebSocket: boolean): string {
  let lines = '';
  for (let index = 0; index < regular.length; index += 2) {
    const name = regular[index] as string;
    if (isWebSocket && OWN_HANDSHAKE.has(name)) continue;
    lines += `${name}: ${regular[index + 1]}\r\n`;
  }
  return lines;
}

function framingLine({ contentLength }: Http2Fields, isEnd: boolean, webSocketKey: string): string {
  if (webSocketKey !== '') {
    if (contentLength !== undefined) throw new ProxyError('framing-conflict', 'CONNECT with a Content-Length');
    return `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${webSocketKey}\r\n`;
  }
  if (contentLength === undefined) return isEnd ? '' : 'transfer-encoding: chunked\r\n';
  // RFC 9113 section 8.1.1: a length that DATA does not keep (threats: H2.CL).
  if (isEnd && Number(contentLength) !== 0) {
    throw new ProxyError('content-length-malformed', 'a Content-Length without a body');
  }
  return `content-length: ${contentLength}\r\n`;
}
