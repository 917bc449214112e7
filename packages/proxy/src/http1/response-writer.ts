import { type CompiledHeaderRules, withoutTaken } from './header-rules.ts';
import type { Framing, ResponseHead } from './message.ts';

/** What dproxy decides about a response. */
export interface ResponseAdditions {
  /** Of the request: an HTTP/1.0 client knows no chunks and keeps a connection only when told. */
  readonly clientMinorVersion: 0 | 1;
  /** The connection to the client stays open; false while draining. `close` framing overrides it. */
  readonly keepAlive: boolean;
  /** `X-Debug-*` lines, each ended by CRLF, made by `headerLine` or checked by `checkHeaderBlock`; usually empty. */
  readonly debugBlock: string;
  /** The route's rules, `compileHeaderRules(...).response`; undefined when it has none. */
  readonly rules: CompiledHeaderRules | undefined;
}

/**
 * How the body goes to the client: a body that ends by closing becomes chunked for HTTP/1.1, so that a cut is noticed and
 * the connection lives on; a chunked one ends by closing for HTTP/1.0.
 */
export function clientFraming(head: ResponseHead, clientMinorVersion: 0 | 1): Framing {
  if (head.framing === 'chunked' || head.framing === 'close') return clientMinorVersion === 1 ? 'chunked' : 'close';
  return head.framing;
}

/** The head of the response to the client, to be written as latin1. Not for interim ones: `writeInterimHead`. */
export function writeResponseHead(head: ResponseHead, additions: ResponseAdditions): string {
  const framing = clientFraming(head, additions.clientMinorVersion);
  const framed = responseBlock(head, additions) + framingLine(head, framing);
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${framed}${connectionLines(head, framing, additions)}\r\n`;
}

/** The header lines of the response beside those of framing and connection. */
export function responseBlock(head: ResponseHead, { debugBlock, rules }: ResponseAdditions): string {
  const own = head.passed + debugBlock;
  return rules === undefined ? own : withoutTaken(own, rules) + rules.added;
}

/** The Content-Length that is told, in bytes; -1: none. */
export function toldLength(head: ResponseHead): number {
  if (head.framing === 'length') return head.contentLength;
  // RFC 9110 section 8.6: of HEAD and 304 it may be told how long the body would be; a 1xx or 204 has no such field.
  return head.framing === 'none' && head.status >= 200 && head.status !== 204 ? head.statedLength : -1;
}

/** A 1xx on its way to an HTTP/1.1 client (RFC 9110 section 15.2: never to an HTTP/1.0 one). */
export function writeInterimHead(head: ResponseHead): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.passed}\r\n`;
}

function framingLine(head: ResponseHead, framing: Framing): string {
  if (framing === 'chunked') return 'Transfer-Encoding: chunked\r\n';
  const length = toldLength(head);
  return length < 0 ? '' : `Content-Length: ${length}\r\n`;
}

function connectionLines(head: ResponseHead, framing: Framing, additions: ResponseAdditions): string {
  if (head.status === 101) return `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  if (!additions.keepAlive || framing === 'close') return 'Connection: close\r\n';
  return additions.clientMinorVersion === 0 ? 'Connection: keep-alive\r\n' : '';
}
