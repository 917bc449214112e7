import { sensitiveHeaders } from 'node:http2';
import { fieldPairs } from '../../http1/field-pairs.ts';
import type { RequestAdditions, RequestHead } from '../../http1/index.ts';
import { requestBlock, requestHost } from '../../http1/request-writer.ts';

/**
 * Kept out of the compression table that all clients of one session share: who can have requests sent and sees how long they
 * are could guess a secret of another client byte by byte (RFC 7541 section 7.1).
 */
const SECRETS: string[] = ['authorization', 'cookie'];

/**
 * The head of a request to a backend of HTTP/2: the same fields as over HTTP/1.1, with `Host` as `:authority`.
 *
 * @returns name, value, name, value, as `node:http2` takes them
 * @param scheme that of the connection to the backend; what the client has used is in `x-forwarded-proto`
 */
export function requestPairs(head: RequestHead, additions: RequestAdditions, scheme: 'http' | 'https'): string[] {
  const pairs = [':method', head.method, ':scheme', scheme];
  pairs.push(':authority', requestHost(head, additions), ':path', head.target);
  fieldPairs(requestBlock(head, additions), pairs);
  // RFC 9113 section 8.2.2: the one value of TE that HTTP/2 has. gRPC servers ask for it.
  if (head.trailers) pairs.push('te', 'trailers');
  if (head.framing === 'length') pairs.push('content-length', String(head.contentLength));
  return Object.assign(pairs, { [sensitiveHeaders]: SECRETS });
}
