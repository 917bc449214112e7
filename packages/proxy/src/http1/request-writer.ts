import { type CompiledHeaderRules, withoutTaken } from './header-rules.ts';
import type { RequestHead } from './message.ts';

/** What dproxy adds to a request. */
export interface RequestAdditions {
  /** `X-Forwarded-*` and `X-Real-IP` lines, each ended by CRLF, made by `headerLine` or checked by `checkHeaderBlock`. */
  readonly forwardedBlock: string;
  /** `X-Debug-*` lines, likewise; empty when they are off. */
  readonly debugBlock: string;
  /** The route's rules, `compileHeaderRules(...).request`; undefined when it has none. */
  readonly rules: CompiledHeaderRules | undefined;
}

/**
 * The head of the request to the backend, to be written as latin1. Always HTTP/1.1; a body follows in the framing of
 * `head.framing`, which is stated here and nowhere else.
 */
export function writeRequestHead(head: RequestHead, additions: RequestAdditions): string {
  const start = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${requestHost(head, additions)}\r\n`;
  return `${start}${requestBlock(head, additions)}${framingLines(head)}\r\n`;
}

/** The host that the backend is asked for. */
export function requestHost(head: RequestHead, { rules }: RequestAdditions): string {
  return rules === undefined || rules.host === '' ? head.hostHeader : rules.host;
}

/** The header lines of the request beside Host and those of framing and connection. */
export function requestBlock(head: RequestHead, { forwardedBlock, debugBlock, rules }: RequestAdditions): string {
  const fields = head.passed + forwardedBlock + debugBlock;
  return rules === undefined ? fields : withoutTaken(fields, rules) + rules.added;
}

function framingLines(head: RequestHead): string {
  const connection = head.upgrade === '' && !head.trailers ? '' : connectionLines(head);
  switch (head.framing) {
    case 'none':
      return connection;
    case 'length':
      return `Content-Length: ${head.contentLength}\r\n${connection}`;
    case 'chunked':
      return `Transfer-Encoding: chunked\r\n${connection}`;
    case 'close':
      throw new RangeError('a request never ends by closing');
    default:
      return head.framing satisfies never;
  }
}

/** RFC 9110 sections 7.8 and 10.1.4: both fields are for one hop and must be named. Keep-alive goes without saying. */
function connectionLines(head: RequestHead): string {
  if (head.upgrade === '') return 'Connection: TE\r\nTE: trailers\r\n';
  const te = head.trailers ? 'TE: trailers\r\n' : '';
  return `Connection: ${head.trailers ? 'Upgrade, TE' : 'Upgrade'}\r\nUpgrade: ${head.upgrade}\r\n${te}`;
}
