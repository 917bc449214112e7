import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestLines, responseFields, trailerPairs } from './field-lines.ts';
import type { RequestState } from './request-state.ts';
import { acceptUpgrade, isOffered } from './upgrade.ts';

/** The direct path has applied the real limits, and added its own headers since. */
export const MAX_HEAD_BYTES = 1_048_576;

interface Forwarding {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly state: RequestState;
}

/**
 * Sends one request on through the direct path and its answer back, both as streams. One attempt, without a deadline:
 * the direct path, on both sides of this one, knows what was sent and how long it may take.
 */
export function forward(forwarding: Forwarding): void {
  const { request, reply, state } = forwarding;
  const body = bodyOf(request);
  const upstream = httpRequest({
    createConnection: () => state.exchange.forward(),
    method: request.method,
    path: request.raw.url ?? '/',
    headers: headersFor(forwarding, body),
    setHost: false,
    setDefaultHeaders: false,
    maxHeaderSize: MAX_HEAD_BYTES,
  });
  cancelWithClient(forwarding, upstream);
  upstream.on('error', (error) => {
    onFailure(forwarding, error);
  });
  upstream.on('information', ({ statusCode, rawHeaders }) => {
    // 100 and 101 belong to one connection; 102, 103 and what is yet to be invented are for the client.
    if (statusCode > 101 && !reply.raw.headersSent) reply.raw.writeInformation(statusCode, rawHeaders);
  });
  upstream.on('response', (response) => {
    if (response.statusCode === 101) upstream.destroy(new Error('a 101 without a protocol'));
    else relayResponse(forwarding, response);
  });
  upstream.on('upgrade', (response, socket, head) => {
    if (isOffered(response, state)) {
      acceptUpgrade({ response, socket, head, reply, state });
      return;
    }
    socket.destroy();
    onFailure(forwarding, new Error('a 101 that was not asked for'));
  });
  sendBody(request, upstream, body);
}

/** What a plugin made of the body: bytes (parsed and sent anew), another stream, or the request itself, untouched. */
function bodyOf(request: FastifyRequest): Readable | Buffer {
  const body: unknown = request.body ?? request.raw;
  if (body instanceof Readable || Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function headersFor({ request, state }: Forwarding, body: Readable | Buffer): string[] {
  const headers = { ...request.raw.headers };
  const isReplaced = body !== request.raw;
  if (isReplaced) delete headers['content-length'];
  const lines = requestLines(request.raw, headers, state.originalHeaders);
  if (state.upgrade !== undefined) lines.push('Connection', 'Upgrade', 'Upgrade', headers.upgrade ?? '');
  else lines.push('Connection', 'close');
  if (Buffer.isBuffer(body)) lines.push('Content-Length', String(body.byteLength));
  else if (isReplaced || headers['transfer-encoding'] !== undefined) lines.push('Transfer-Encoding', 'chunked');
  return lines;
}

function sendBody(request: FastifyRequest, upstream: ClientRequest, body: Readable | Buffer): void {
  if (Buffer.isBuffer(body)) {
    upstream.end(body);
    return;
  }
  // Before `pipe`, whose own listener ends the request: trailers must be there by then.
  request.raw.once('end', () => {
    if (request.raw.rawTrailers.length > 0 && !upstream.writableEnded) upstream.addTrailers(trailerPairs(request.raw));
  });
  body.once('error', (error) => upstream.destroy(error));
  // node:http keeps the head back until the first byte of the body, which may wait for an answer to that head.
  upstream.flushHeaders();
  body.pipe(upstream);
}

function relayResponse(forwarding: Forwarding, response: IncomingMessage): void {
  const { reply } = forwarding;
  const { raw } = reply;
  if (isGone(forwarding) || reply.sent) {
    response.destroy();
    return;
  }
  // Not `reply.code`, which refuses 600-999: a backend may answer what it likes.
  raw.statusCode = response.statusCode ?? 502;
  raw.statusMessage = response.statusMessage ?? '';
  raw.sendDate = false;
  for (const [name, values] of responseFields(response)) {
    // In Fastify's object of headers this one would become the prototype of all others (CVE-2026-21710 was such a case).
    if (name === '__proto__') raw.setHeader(name, values);
    else void reply.header(name, values.length === 1 ? values[0] : values);
  }
  // The head goes at once, not with the first byte of the body: an event stream may say nothing for long.
  raw.once('pipe', () => {
    if (!raw.headersSent) raw.flushHeaders();
  });
  response.once('end', () => {
    if (response.rawTrailers.length > 0 && !raw.writableEnded) raw.addTrailers(trailerPairs(response));
  });
  void reply.send(response);
}

/** A client that goes away takes its upstream request with it. */
function cancelWithClient({ reply, state }: Forwarding, upstream: ClientRequest): void {
  const cancel = () => {
    if (!reply.raw.writableFinished) upstream.destroy();
  };
  reply.raw.once('close', cancel);
  state.upgrade?.socket.once('close', cancel);
}

/** The direct path turns what fails in a backend into a page; here its connection itself broke. A page, while it can be sent. */
function onFailure(forwarding: Forwarding, cause: Error): void {
  const { reply } = forwarding;
  if (isGone(forwarding) || reply.sent || reply.raw.headersSent) reply.raw.destroy();
  else void reply.send(new ProxyError('upstream-closed', cause.message, { cause }));
}

function isGone({ request, reply }: Forwarding): boolean {
  return request.raw.socket.destroyed || reply.raw.destroyed;
}
