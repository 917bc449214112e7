import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { HealthTarget } from '@dproxy/core';
import { endpointOf } from './probe.ts';

const MAX_BODY_BYTES = 4_096;

export interface Http2Question {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal: AbortSignal;
}

export interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  /** The first 4 KiB. */
  readonly body: Buffer;
}

/** One request on a connection of its own. */
export async function askHttp2(target: HealthTarget, question: Http2Question): Promise<Http2Answer> {
  const { backend, check } = target;
  const { host, port } = endpointOf(target);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const isEncrypted = check.scheme === 'https' || (check.scheme === 'default' && backend.protocol === 'h2');
  const session = connect(`${isEncrypted ? 'https' : 'http'}://${authority}`, {
    rejectUnauthorized: backend.tlsVerify,
    settings: { enablePush: false },
  });
  const failed = new Promise<never>((_resolve, reject) => {
    session.on('error', reject);
    session.on('close', () => reject(new Error('the connection ends before the answer')));
  });
  // Whoever loses the race below is heard by nobody.
  failed.catch(() => undefined);
  try {
    return await Promise.race([failed, exchange(session, { ...question, authority: check.host || authority })]);
  } finally {
    session.destroy();
  }
}

async function exchange(
  session: ClientHttp2Session,
  { method, path, headers, body, signal, authority }: Http2Question & { readonly authority: string },
): Promise<Http2Answer> {
  const stream = session.request(
    { ...headers, ':method': method, ':path': path, ':authority': authority },
    { endStream: body === undefined, signal },
  );
  stream.on('error', () => undefined);
  if (body !== undefined) stream.end(body);
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', (fields: IncomingHttpHeaders) => {
    trailers = fields;
  });
  const [answer] = (await once(stream, 'response', { signal })) as [IncomingHttpHeaders];
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= MAX_BODY_BYTES) break;
  }
  return { headers: answer, trailers, body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES) };
}
