import { ERRORS, type ErrorCode, type ProxyError } from '@dproxy/core';
import { headerLine, type RequestHead } from '../http1/index.ts';
import type { Page } from './render-page.ts';

/** The ones of the gRPC status codes that dproxy has reason to give. */
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;

const EMPTY = Buffer.alloc(0);
/** Also `application/grpc+proto`, `application/grpc-web`, with parameters. */
const CONTENT_TYPE = /(?:^|\n)content-type:[\t ]*application\/grpc/i;

/** Whether a gRPC client has sent it. A search in all headers: not for every request. */
export function isGrpc({ passed }: RequestHead): boolean {
  return CONTENT_TYPE.test(passed);
}

/**
 * An error as gRPC clients know it: they look at `grpc-status`, not at the status of HTTP. A head alone is an answer
 * (`Trailers-Only` in "gRPC over HTTP2").
 */
export function grpcPage(error: ProxyError, requestId: string): Page {
  const lines = [
    headerLine('content-type', 'application/grpc'),
    headerLine('grpc-status', String(grpcStatus(error))),
    // Our sentences have no character that would have to be percent-encoded.
    headerLine('grpc-message', ERRORS[error.code].message),
    headerLine('x-request-id', requestId),
  ];
  return { status: 200, headers: lines.join(''), body: EMPTY };
}

const STATUS_OF_CODE: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  ['upstream-timeout', DEADLINE_EXCEEDED],
  ['body-too-slow', DEADLINE_EXCEEDED],
  ['head-too-large', RESOURCE_EXHAUSTED],
  ['target-too-long', RESOURCE_EXHAUSTED],
  ['route-unknown', UNIMPLEMENTED],
  ['path-unknown', UNIMPLEMENTED],
  ['method-refused', UNIMPLEMENTED],
  ['protocol-unknown', UNIMPLEMENTED],
  ['plugin-unknown', INTERNAL],
  ['internal', INTERNAL],
]);

/** What is not in the table: nothing was done, or nobody knows, which a client may repeat by its own rules; or it was at fault. */
function grpcStatus({ code, source, status }: ProxyError): number {
  const known = STATUS_OF_CODE.get(code);
  if (known !== undefined) return known;
  return source === 'downstream' && status < 500 ? INTERNAL : UNAVAILABLE;
}
