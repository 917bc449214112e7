import type { Log } from '@dproxy/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from './access.ts';
import { ApiError } from './answers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Programs on this machine may call it without the token. */
    isOpen?: boolean;
  }
}

export interface GuardOptions {
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** `WWW-Authenticate` of a refusal. */
  readonly challenge?: string;
}

/** No CORS header is ever sent, so no page of another origin can read an answer; the rest is for browsers that are led here. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Below Node's own maximum of about 1,000, where some versions drop the rest silently: an `Origin` must not get lost there. */
const MAX_HEADERS = 100;
const MAX_TARGET = 2_048;

/** What every request passes before its handler, unknown endpoints included: nobody maps this API without a right to call it. */
export function guard(app: FastifyInstance, access: Access, options: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(HEADERS);
    assertShape(request);
    await assertAllowed(request, reply, { access, ...options });
    assertQuery(request);
  });
}

/** Limits and shapes that Node leaves open. */
function assertShape(request: FastifyRequest): void {
  const { rawHeaders, url = '' } = request.raw;
  if (rawHeaders.length > MAX_HEADERS * 2) throw new ApiError(431, `more than ${MAX_HEADERS} headers`);
  if (url.length > MAX_TARGET) throw new ApiError(414, `the URL is longer than ${MAX_TARGET} characters`);
  if (!url.startsWith('/')) throw new ApiError(400, 'expected a path that begins with /');
  if ((request.method === 'GET' || request.method === 'HEAD') && hasBody(request)) {
    throw new ApiError(400, `a ${request.method} takes no body here`);
  }
}

async function assertAllowed(
  request: FastifyRequest,
  reply: FastifyReply,
  { access, log, now, challenge = 'Bearer realm="dproxy"' }: GuardOptions & { readonly access: Access },
): Promise<void> {
  const { socket, rawHeaders } = request.raw;
  const { remoteAddress = '', localAddress = '', localPort = 0 } = socket;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const isOpen = request.is404 ? isRead : request.routeOptions.config.isOpen === true;
  const verdict = access.judge({ remoteAddress, localAddress, localPort, rawHeaders }, isOpen, now());
  if (verdict.type === 'allowed') return;
  if (verdict.status === 429) void reply.header('retry-after', verdict.retryAfterS);
  else void reply.header('www-authenticate', challenge);
  // Ten times a minute and client at most: after that they are locked out, and that is not logged.
  if (verdict.status === 401 && request.headers.authorization !== undefined) {
    log.warn({ client: remoteAddress }, 'a call to the admin API brought a wrong token');
  }
  throw new ApiError(verdict.status, verdict.message);
}

/** A misspelt key must not be a call with defaults. */
function assertQuery(request: FastifyRequest): void {
  if (request.is404) return;
  const schema = request.routeOptions.schema?.querystring as { properties?: object } | undefined;
  const allowed = Object.keys(schema?.properties ?? {});
  for (const key of Object.keys(request.query as object)) {
    if (allowed.includes(key)) continue;
    const expected = allowed.length === 0 ? 'none' : allowed.join(', ');
    throw new ApiError(400, `unknown query key ${JSON.stringify(key.slice(0, 32))}; expected ${expected}`);
  }
}

export function hasBody(request: FastifyRequest): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
