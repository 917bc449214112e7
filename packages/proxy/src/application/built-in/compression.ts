import compress from '@fastify/compress';
import type { CompressFilter } from '@dproxy/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** What compresses well. An event stream does, too, but its events would wait in the compressor. */
const COMPRESSIBLE =
  /^text\/(?!event-stream)|[+/](?:json|xml|javascript|wasm|text)(?:;|$)|^image\/(?:svg\+xml|bmp|x-icon)|^font\/(?:ttf|otf)/i;
/** Each holds a window of up to some megabytes: beyond this answers go as they are (threats: row 52). */
const MAX_RUNNING = 64;

let running = 0;

/** Compresses answers, with the encoding that the client and the filter like best. Never reads compressed requests. */
export async function compression(app: FastifyInstance, filter: CompressFilter): Promise<void> {
  const isCompressible = typeTest(filter);
  app.addHook('onSend', async (request, reply, payload) => {
    if (mayCompress(request, reply, { filter, isCompressible })) prepare(reply);
    else request.headers['x-no-compression'] = '1';
    return payload;
  });
  await app.register(compress, {
    globalDecompression: false,
    encodings: [...filter.encodings],
    threshold: filter.minBytes,
    customTypes: isCompressible,
  });
}

interface Rules {
  readonly filter: CompressFilter;
  readonly isCompressible: (type: string) => boolean;
}

function mayCompress(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  { filter, isCompressible }: Rules,
): boolean {
  const status = reply.raw.statusCode;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 206 || status === 304) return false;
  if (reply.hasHeader('content-encoding') || running >= MAX_RUNNING) return false;
  // RFC 9111 section 5.2.2.6.
  if (/\bno-transform\b/i.test(String(reply.getHeader('cache-control') ?? ''))) return false;
  const length = reply.getHeader('content-length');
  if (length !== undefined && Number(length) < filter.minBytes) return false;
  const accepted = (headers['accept-encoding'] ?? '').toLowerCase();
  const isAccepted = accepted.includes('*') || filter.encodings.some((encoding) => accepted.includes(encoding));
  return isAccepted && isCompressible(String(reply.getHeader('content-type') ?? ''));
}

function prepare(reply: FastifyReply): void {
  running++;
  reply.raw.once('close', () => {
    running--;
  });
  const tag = reply.getHeader('etag');
  // RFC 9110 section 8.8.1: other bytes are another representation; only a weak validator may stay the same.
  if (typeof tag === 'string' && tag.startsWith('"')) void reply.header('etag', `W/${tag}`);
  // What was counted of the bytes as they were does not hold for those that are sent.
  for (const name of ['accept-ranges', 'content-md5', 'digest', 'content-digest']) void reply.removeHeader(name);
}

function typeTest({ includedTypes, excludedTypes }: CompressFilter): (type: string) => boolean {
  const included = new Set(includedTypes.map(essence));
  const excluded = new Set(excludedTypes.map(essence));
  return (type) => {
    const own = essence(type);
    if (excluded.has(own) || own === 'text/event-stream') return false;
    return included.size > 0 ? included.has(own) : COMPRESSIBLE.test(own);
  };
}

/** Of a media type: without parameters. */
function essence(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase();
}
