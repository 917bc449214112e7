import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import type { Log } from '@dproxy/core';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiError, failed } from './answers.ts';
import { hasBody } from './guard.ts';

/** No call needs more than a few words. */
const MAX_BODY_BYTES = 16_384;
const MAX_HEAD_BYTES = 16_384;
const MAX_CONNECTIONS = 256;
/** Reading a request; a balancer call may take 15 s to be answered, so a silent connection gets longer. */
const READ_MS = 10_000;
const SILENT_MS = 30_000;

/** A Fastify instance with the limits of the admin API, JSON bodies only, and every error in the shape of an answer. */
export function createServer(log: Log): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: READ_MS,
    connectionTimeout: SILENT_MS,
    keepAliveTimeout: 5_000,
    maxRequestsPerSocket: 1_000,
    forceCloseConnections: 'idle',
    trustProxy: false,
    // HEAD only where a route says so: a HEAD that stops the workers would be a trap.
    exposeHeadRoutes: false,
    http: { maxHeaderSize: MAX_HEAD_BYTES, headersTimeout: READ_MS, connectionsCheckingInterval: 2_000 },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply as FastifyReply, log),
    clientErrorHandler: answerUnreadable,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  acceptJsonOnly(app);
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => answerUnknown(app, request, reply));
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'dproxy admin API', version: '1', description: 'Answers are {ok, message, data}.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
    },
  });
  return app;
}

/** A form or text/plain can be sent by any web page without asking first; JSON cannot. */
function acceptJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null);
    else void parse(request, body as string, done);
  });
}

/** Expected errors keep their message; of others the caller learns nothing and the log everything. */
function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const status = error instanceof ApiError ? error.status : (error.statusCode ?? 500);
  // A body that nobody reads would otherwise keep the connection busy.
  if (hasBody(request)) void reply.header('connection', 'close');
  if (status >= 500 && !(error instanceof ApiError)) {
    log.error({ err: error, method: request.method, url: request.url.slice(0, 256) }, 'a call to the admin API failed');
    void reply.code(500).send(failed('the call failed; the log of dproxy says why'));
    return;
  }
  if (error instanceof ApiError && error.cause !== undefined) {
    log.warn({ err: error.cause, url: request.url.slice(0, 256) }, error.message);
  }
  void reply.code(status).send(failed(messageOf(error)));
}

function messageOf(error: FastifyError): string {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'the body has another type; expected content-type: application/json';
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return 'the body is not JSON; expected an object such as {"image":"nginx","tag":"latest"}';
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return `the body is too large; expected at most ${MAX_BODY_BYTES} bytes`;
    case 'FST_ERR_BAD_URL':
      return 'the URL is malformed';
    default:
      return error.message;
  }
}

function answerUnknown(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const [url = ''] = request.url.split('?');
  const allowed = ['GET', 'HEAD', 'POST', 'DELETE'].filter((method) => app.hasRoute({ url, method }));
  if (hasBody(request)) void reply.header('connection', 'close');
  if (allowed.length === 0) {
    void reply.code(404).send(failed('unknown endpoint; GET / lists all of them'));
    return;
  }
  const message = `${request.method} is not possible here; expected ${allowed.join(' or ')}`;
  void reply.code(405).header('allow', allowed.join(', ')).send(failed(message));
}

/** What Node's parser refuses never becomes a request. */
function answerUnreadable(error: { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status = statusOfParser(error.code ?? '');
  const body = JSON.stringify(failed(`the request cannot be read: ${STATUS_CODES[status] ?? 'Bad Request'}`));
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json; charset=utf-8`;
  socket.end(
    `${head}\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}

function statusOfParser(code: string): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}
