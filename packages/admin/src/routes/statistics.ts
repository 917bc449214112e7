import type { StatisticsReader } from '@dproxy/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Answer, ApiError, succeeded } from '../answers.ts';
import { withoutSecrets } from '../redaction.ts';
import { answerOf, refusals, STATISTICS } from '../schemas.ts';
import { statisticsCsv } from '../statistics/statistics-csv.ts';
import { STATISTICS_STYLE, statisticsPage } from '../statistics/statistics-page.ts';

const CSV = 'text/csv; charset=utf-8';
const PAGE = 'text/html; charset=utf-8';
const CSP = `default-src 'none'; style-src '${STATISTICS_STYLE}'; frame-ancestors 'none'`;
const MAX_REFRESH_S = 3_600;

/** Traffic per route, backend and worker: for people, for spreadsheets and what reads HAProxy's, for programs. */
export function statisticsRoutes(app: FastifyInstance, statistics: StatisticsReader): void {
  const query = {
    type: 'object',
    properties: {
      match: { type: 'string', description: 'only routes whose id contains it' },
      refresh: { type: 'string', description: 'for the page: seconds until it loads itself again' },
    },
  } as const;
  const common = { method: 'GET', exposeHeadRoute: true, config: { isOpen: true } } as const;
  const words = (type: string) => ({ description: 'The same.', content: { [type]: { schema: { type: 'string' } } } });
  app.route<{ Querystring: StatisticsQuery }>({
    ...common,
    url: '/stats',
    schema: {
      summary: 'Traffic per route, backend and worker, as a page',
      querystring: query,
      response: { 200: words('text/html'), ...refusals(400) },
    },
    handler: async (request, reply) => sendPage(reply, statistics, request.query),
  });
  app.route<{ Querystring: StatisticsQuery }>({
    ...common,
    url: '/stats.csv',
    schema: {
      summary: "The same in HAProxy's columns",
      querystring: query,
      response: { 200: words('text/csv'), ...refusals(400) },
    },
    handler: async (request, reply) => sendCsv(reply, statistics, request.query),
  });
  app.route<{ Querystring: StatisticsQuery }>({
    ...common,
    url: '/stats.json',
    schema: {
      summary: 'The same as JSON',
      querystring: query,
      response: { 200: answerOf(STATISTICS, 'Traffic.'), ...refusals(400) },
    },
    handler: async (request) => await answerJson(statistics, request.query),
  });
}

export interface StatisticsQuery {
  readonly match?: unknown;
  readonly refresh?: unknown;
}

export async function sendPage(
  reply: FastifyReply,
  statistics: StatisticsReader,
  query: StatisticsQuery,
): Promise<FastifyReply> {
  const match = matchOf(query);
  const refreshS = refreshOf(query);
  if (refreshS > 0) void reply.header('refresh', refreshS);
  const page = statisticsPage(await read(statistics, match), match);
  return reply.type(PAGE).header('content-security-policy', CSP).send(page);
}

export async function sendCsv(
  reply: FastifyReply,
  statistics: StatisticsReader,
  query: StatisticsQuery,
): Promise<FastifyReply> {
  return reply.type(CSV).send(statisticsCsv(await read(statistics, matchOf(query))));
}

export async function answerJson(statistics: StatisticsReader, query: StatisticsQuery): Promise<Answer> {
  const found = await read(statistics, matchOf(query));
  return succeeded(`${found.routes.length} of ${found.routeCount} routes`, found);
}

async function read(statistics: StatisticsReader, match: string): ReturnType<StatisticsReader['read']> {
  // Names of file backends are URLs, which may hold a password.
  return withoutSecrets(await statistics.read(match)) as Awaited<ReturnType<StatisticsReader['read']>>;
}

function matchOf({ match = '' }: StatisticsQuery): string {
  if (typeof match === 'string' && match.length <= 255) return match;
  throw new ApiError(400, 'match: expected one text of at most 255 characters');
}

function refreshOf({ refresh = '0' }: StatisticsQuery): number {
  const seconds = typeof refresh === 'string' && /^\d{1,4}$/.test(refresh) ? Number(refresh) : Number.NaN;
  if (seconds <= MAX_REFRESH_S) return seconds;
  throw new ApiError(400, `refresh: expected seconds from 1 to ${MAX_REFRESH_S}, or 0 for none`);
}
