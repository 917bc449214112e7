import type { FastifyInstance } from 'fastify';
import { refusals } from '../schemas.ts';

/** Text format 0.0.4 of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsRoute(app: FastifyInstance, readMetrics: () => Promise<string>): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    exposeHeadRoute: true,
    config: { isOpen: true },
    schema: {
      summary: 'Counters of all workers, for Prometheus',
      response: {
        200: { description: 'Metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
        ...refusals(500),
      },
    },
    handler: async (_request, reply) => reply.type(CONTENT_TYPE).send(await readMetrics()),
  });
}
