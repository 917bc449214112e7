import type { Log, StatisticsReader } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';
import { Access } from '../access.ts';
import { guard } from '../guard.ts';
import { answerJson, sendCsv, sendPage, type StatisticsQuery } from '../routes/statistics.ts';
import { createServer } from '../server.ts';

export interface StatisticsServerOptions {
  readonly statistics: StatisticsReader;
  /** What callers from elsewhere have to send, as Bearer or as the password of Basic. */
  readonly token: string;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * The statistics alone, on a port of their own, with the addresses that HAProxy's page has: `/`, `/;csv` and `/;json`. Nothing
 * can be changed here. Without the token it answers programs on this machine only; a browser there may be led to `/` by hand.
 */
export function createStatisticsServer({ statistics, token, log, now }: StatisticsServerOptions): FastifyInstance {
  const access = new Access({ token, tokenAlways: false, takesBasic: true });
  const app = createServer(log);
  guard(app, access, { log, now, challenge: 'Basic realm="dproxy statistics", charset="UTF-8"' });
  void app.register(async (scope) => {
    const querystring = { type: 'object', properties: { match: {}, refresh: {} } };
    const common = { method: 'GET', exposeHeadRoute: true, config: { isOpen: true }, schema: { querystring } } as const;
    scope.route<{ Querystring: StatisticsQuery }>({
      ...common,
      url: '/',
      handler: async (request, reply) => sendPage(reply, statistics, request.query),
    });
    scope.route<{ Querystring: StatisticsQuery }>({
      ...common,
      url: '/;csv',
      handler: async (request, reply) => sendCsv(reply, statistics, request.query),
    });
    scope.route<{ Querystring: StatisticsQuery }>({
      ...common,
      url: '/;json',
      handler: async (request) => await answerJson(statistics, request.query),
    });
  });
  return app;
}
