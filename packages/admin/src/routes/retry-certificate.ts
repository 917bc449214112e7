import { canonicalHost, type Log } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';
import { type Answer, ApiError, succeeded } from '../answers.ts';
import { answerOf, refusals, RETRY } from '../schemas.ts';

/** `POST /certificates/retry?host=app.example.com`: the operator has mended what was wrong and does not want to wait. */
export function retryCertificateRoute(app: FastifyInstance, retry: (host: string) => boolean, log: Log): void {
  const host = { type: 'string', description: 'a name whose certificate failed' };
  app.route({
    method: 'POST',
    url: '/certificates/retry',
    config: { isOpen: false },
    schema: {
      summary: 'Try a certificate again now',
      querystring: { type: 'object', properties: { host }, required: ['host'] },
      response: {
        200: answerOf(RETRY, 'It is tried now; see /certificates.'),
        404: answerOf({ type: 'null' }, 'No such name waits for a certificate.'),
        ...refusals(413, 415),
      },
    },
    handler: (request): Answer => {
      const name = hostOf(request.query);
      if (!retry(name)) throw new ApiError(404, `${name} waits for no certificate; GET /certificates lists all names`);
      log.info({ host: name, by: request.ip }, 'a certificate is tried again');
      return succeeded(`${name} is tried again now`, { host: name });
    },
  });
}

function hostOf(query: unknown): string {
  const { host } = query as { host?: unknown };
  const name = typeof host === 'string' ? canonicalHost(host) : undefined;
  if (name !== undefined) return name;
  throw new ApiError(
    400,
    `host is ${JSON.stringify(host ?? null).slice(0, 64)}; expected one name, as in ?host=app.example.com`,
  );
}
