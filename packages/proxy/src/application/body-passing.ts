import type { FastifyInstance } from 'fastify';

const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+[ \t]*(?:;|$)/i;

/**
 * Leaves bodies alone: Fastify would read JSON and text whole into memory, refuse a Content-Type that it cannot read (415)
 * and a QUERY without one (400). A plugin that wants a parsed body adds a parser for its type; that result is then sent on.
 */
export function passBodies(app: FastifyInstance): void {
  const hidden = new WeakMap<object, string | undefined>();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, payload);
  });
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { headers } = request.raw;
    const type = headers['content-type'];
    const isReadable = type === undefined ? request.method !== 'QUERY' : MEDIA_TYPE.test(type);
    if (!isReadable) {
      hidden.set(request.raw, type);
      headers['content-type'] = 'application/octet-stream';
    }
    done(null, payload);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (hidden.has(request.raw)) restoreType(request.raw.headers, hidden.get(request.raw));
    done();
  });
}

function restoreType(headers: { 'content-type'?: string | undefined }, type: string | undefined): void {
  if (type === undefined) delete headers['content-type'];
  else headers['content-type'] = type;
}
