import { Readable } from 'node:stream';
import { ProxyError, type BufferFilter } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';

/** A worker does not hold more than this for all requests and answers together: 64 uploads of 4 MiB each. */
const MAX_HELD_BYTES = 268_435_456;
/** Of one body, where the filter names no limit. */
const MAX_BODY_BYTES = 67_108_864;

let held = 0;

/**
 * Reads a request whole before it is sent on, and an answer where its length is limited: a backend that serves one request at a
 * time is not held up by a slow client.
 *
 * @throws ProxyError `body-too-large`, `upstream-too-large` and `too-much-buffered`, by the hooks
 */
export function buffering(app: FastifyInstance, { maxRequestBytes, maxResponseBytes }: BufferFilter): void {
  const limit = maxRequestBytes === 0 ? MAX_BODY_BYTES : Math.min(maxRequestBytes, MAX_BODY_BYTES);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (request: { readonly raw: Holder }, payload: Readable) => {
    const body = await collect(payload, limit, () => new ProxyError('body-too-large', `more than ${limit} bytes`));
    releaseWith(request.raw, body.length);
    return body;
  });
  if (maxResponseBytes === 0) return;
  app.addHook('onSend', async (request, reply, payload) => {
    if (!(payload instanceof Readable)) return payload;
    const tooLong = (): ProxyError => new ProxyError('upstream-too-large', `more than ${maxResponseBytes} bytes`);
    const body = await collect(payload, maxResponseBytes, tooLong);
    releaseWith(request.raw, body.length);
    void reply.header('content-length', body.length);
    return body;
  });
}

interface Holder {
  readonly socket: { once(event: 'close', listener: () => void): unknown };
}

async function collect(stream: Readable, limit: number, tooLong: () => ProxyError): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Buffer;
      length += bytes.length;
      held += bytes.length;
      if (length > limit) throw tooLong();
      if (held > MAX_HELD_BYTES) throw new ProxyError('too-much-buffered', `${held} bytes`);
      chunks.push(bytes);
    }
  } catch (error) {
    held -= length;
    throw error;
  }
  return Buffer.concat(chunks, length);
}

/** The connection within the process carries this one request. */
function releaseWith({ socket }: Holder, bytes: number): void {
  socket.once('close', () => {
    held -= bytes;
  });
}
