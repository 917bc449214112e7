import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ERRORS, ProxyError, type Log } from '@dproxy/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from '../pages/index.ts';
import type { ApplicationExchange } from './application-exchange.ts';
import type { RequestStates } from './request-state.ts';

interface Failure {
  readonly status: number;
  /** For the client: never the error's own words. */
  readonly message: string;
}

/** Errors of plugins become the same pages as those of the direct path; their cause goes to the log only. */
export function addErrorReplies(app: FastifyInstance, states: RequestStates, log: Log): void {
  app.setErrorHandler((error, request, reply) => {
    const { exchange } = states.of(request.raw);
    const fields = { err: error, requestId: exchange.requestId, route: exchange.route.id };
    const level = logLevelOf(error);
    log[level](fields, error instanceof ProxyError ? 'a request through plugins failed' : 'a plugin threw an error');
    return sendPage(request, reply, exchange, failureOf(error));
  });
  app.setNotFoundHandler((request, reply) =>
    sendPage(request, reply, states.of(request.raw).exchange, failureOf(new ProxyError('path-unknown'))),
  );
}

/** What node:http cannot read. The direct path wrote it, so this is a method that node:http does not know, or a mistake. */
export function answerUnreadable(
  error: Error & { readonly code?: string },
  socket: Duplex,
  states: RequestStates,
): void {
  const response = states.responseOn(socket);
  // The request was the last one of its connection: whatever follows it is not ours to read.
  if (error.code === 'HPE_CLOSED_CONNECTION' && response !== undefined) return;
  if (!socket.writable || error.code === 'ECONNRESET' || response !== undefined) {
    socket.destroy();
    return;
  }
  const exchange = states.exchangeOf(socket);
  const status = error.code === 'HPE_INVALID_METHOD' ? 501 : 400;
  const page = exchange.pages.render({
    status,
    message: status === 501 ? 'This method is not supported here.' : ERRORS['request-line-malformed'].message,
    accept: '',
    requestId: exchange.requestId,
    host: exchange.host,
    method: 'GET',
  });
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${page.headers}connection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), page.body]));
}

/** A plugin may say 401 or 403 by throwing an error with a `statusCode`; everything else is our fault. */
function failureOf(error: unknown): Failure {
  if (error instanceof ProxyError) return { status: error.status, message: ERRORS[error.code].message };
  const status = statusCodeOf(error);
  if (status >= 400 && status < 500) return { status, message: `${STATUS_CODES[status] ?? 'Refused'}.` };
  return { status: status > 500 && status < 600 ? status : 500, message: ERRORS.internal.message };
}

function logLevelOf(error: unknown): 'debug' | 'info' | 'warn' | 'error' {
  if (error instanceof ProxyError) return ERRORS[error.code].logLevel;
  return failureOf(error).status >= 500 ? 'error' : 'debug';
}

function statusCodeOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}

function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: ApplicationExchange,
  failure: Failure,
): FastifyReply {
  const page = exchange.pages.render({
    ...failure,
    accept: request.raw.headers.accept ?? '',
    requestId: exchange.requestId,
    host: exchange.host,
    method: request.method,
  });
  reply.raw.statusCode = page.status;
  for (const [name, value] of fieldsOf(page)) void reply.header(name, value);
  return reply.send(page.body);
}

function fieldsOf(page: Page): (readonly [string, string])[] {
  return page.headers
    .split('\r\n')
    .slice(0, -1)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const);
}
