import type { ErrorCode } from '@dproxy/core';

const LENGTH = /^[0-9]{1,15}$/;
const CODING_LIST = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[\t ]*,[\t ]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+)*$/;

/**
 * The number of a Content-Length, or -1. Digits only, at most 15 (exact in a double); no sign, no list, no padding inside:
 * servers read those differently (RFC 9112 section 6.3 item 5).
 */
export function parseContentLength(value: string): number {
  return LENGTH.test(value) ? Number(value) : -1;
}

/**
 * Undefined when the message is chunked and nothing else. Coding names have no case (RFC 9112 section 7), but every other
 * deviation is refused: ` chunked` with VT, `xchunked`, `chunked, identity` have each made two servers disagree.
 */
export function transferEncodingFault(value: string): ErrorCode | undefined {
  if (value === 'chunked' || value.toLowerCase() === 'chunked') return undefined;
  if (!CODING_LIST.test(value)) return 'transfer-encoding-malformed';
  const codings = value.toLowerCase().split(',');
  const chunkedAt = codings.findIndex((coding) => coding.trim() === 'chunked');
  // RFC 9112 section 6.3 item 4: chunked that is not the last coding makes the length unknowable.
  return chunkedAt >= 0 && chunkedAt < codings.length - 1 ? 'transfer-encoding-malformed' : 'transfer-encoding-unknown';
}
