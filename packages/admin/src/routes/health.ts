import type { Balancer, Inspector } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';
import { type Answer, failed, succeeded } from '../answers.ts';
import { describeBalancer } from '../describe-balancer.ts';
import { answerOf, HEALTH, refusals } from '../schemas.ts';

/** 200 when the primary runs (it answers) and at least one worker serves; warnings do not make it ill. */
export function healthRoute(app: FastifyInstance, balancer: Balancer, inspector: Inspector): void {
  app.route({
    method: 'GET',
    url: '/healthz',
    exposeHeadRoute: true,
    config: { isOpen: true },
    schema: {
      summary: 'Whether requests are served',
      response: { 200: answerOf(HEALTH, 'Served.'), 503: answerOf(HEALTH, 'Not served.'), ...refusals() },
    },
    handler: (_request, reply): Answer => {
      const status = balancer.status();
      const online = status.workers.filter((worker) => worker.state === 'online').length;
      const data = { ...status, online, warnings: inspector.warnings() };
      if (online > 0) return succeeded(describeBalancer(status), data);
      void reply.code(503);
      return failed(`no worker serves; ${describeBalancer(status)}`, data);
    },
  });
}
