import type { Balancer, BalancerChange, Log } from '@dproxy/core';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type Answer, ApiError, succeeded } from '../answers.ts';
import { describeBalancer } from '../describe-balancer.ts';
import { answerOf, BALANCER, BALANCER_CHANGE, refusals } from '../schemas.ts';

const MAX_SIZE = 256;

interface Call {
  readonly path: string;
  /** Those that the contract lets people type without a token. */
  readonly isOpen: boolean;
  readonly summary: string;
  readonly querystring: object;
  readonly act: (request: FastifyRequest) => Promise<BalancerChange>;
}

/** `/service/balancer` and the calls that act on the workers: three by GET or POST, because people type them (contract). */
export function balancerRoutes(app: FastifyInstance, balancer: Balancer, log: Log): void {
  app.route({
    method: 'GET',
    url: '/service/balancer',
    exposeHeadRoute: true,
    config: { isOpen: true },
    schema: {
      summary: 'State of the workers',
      response: { 200: answerOf(BALANCER, 'The workers.'), ...refusals() },
    },
    handler: (): Answer => {
      const status = balancer.status();
      return succeeded(describeBalancer(status), status);
    },
  });
  for (const call of calls(balancer))
    for (const method of call.isOpen ? ['GET', 'POST'] : ['POST']) app.route(toRoute(call, method, balancer, log));
}

function calls(balancer: Balancer): readonly Call[] {
  const size = { type: 'integer', minimum: 1, maximum: MAX_SIZE, description: 'wanted number of workers' };
  return [
    {
      path: '/service/balancer/start',
      isOpen: true,
      summary: 'Start the workers',
      querystring: { type: 'object', properties: {} },
      act: () => balancer.start(),
    },
    {
      path: '/service/balancer/stop',
      isOpen: true,
      summary: 'Drain and stop all workers',
      querystring: { type: 'object', properties: {} },
      act: () => balancer.stop(),
    },
    {
      path: '/service/balancer/resize',
      isOpen: true,
      summary: 'Change the number of workers; leaving ones are drained together',
      querystring: { type: 'object', properties: { size }, required: ['size'] },
      act: async (request) => balancer.resize(sizeOf(request.query)),
    },
    {
      path: '/service/balancer/replace',
      isOpen: false,
      summary: 'Replace every worker by a new one, one after another: a new one is ready before an old one is drained',
      querystring: { type: 'object', properties: {} },
      act: () => balancer.replaceAll(),
    },
  ];
}

function toRoute(call: Call, method: string, balancer: Balancer, log: Log): RouteOptions {
  return {
    method,
    url: call.path,
    config: { isOpen: call.isOpen },
    schema: {
      summary: call.summary,
      querystring: call.querystring,
      response: {
        200: answerOf(BALANCER_CHANGE, 'Done.'),
        202: answerOf(BALANCER_CHANGE, 'Still waiting for connections of leaving workers; ask /service/balancer.'),
        ...refusals(413, 415, 500, 503),
      },
    },
    handler: async (request, reply) => {
      assertNoBody(request.body);
      const change = await actOrExplain(call, request, balancer);
      log.info({ call: call.path, by: request.ip, done: change.done, size: change.status.size }, 'balancer call');
      return answerChange(change, reply);
    },
  };
}

async function actOrExplain(call: Call, request: FastifyRequest, balancer: Balancer): Promise<BalancerChange> {
  try {
    return await call.act(request);
  } catch (cause) {
    if (cause instanceof RangeError) throw new ApiError(400, cause.message, { cause });
    if (cause instanceof ApiError || balancer.status().supervisor === 'ok') throw cause;
    const message =
      'the supervisor (PM2) is gone: workers serve on, but none can be started or stopped; start dproxy anew';
    throw new ApiError(503, message, { cause });
  }
}

function answerChange(change: BalancerChange, reply: FastifyReply): Answer {
  const data = { done: change.done, ...change.status };
  if (change.done) return succeeded(describeBalancer(change.status), data);
  void reply.code(202);
  return succeeded(`under way: ${describeBalancer(change.status)}`, data);
}

/** Digits only: `1e2`, ` 5` and `0x10` are integers for a lenient reader, and typing errors for everybody else. */
function sizeOf(query: unknown): number {
  const { size } = query as { size?: unknown };
  const expected = `expected an integer from 1 to ${MAX_SIZE}, as in ?size=4`;
  if (size === undefined) throw new ApiError(400, `size is missing; ${expected}`);
  if (typeof size !== 'string') throw new ApiError(400, `size is given more than once; ${expected}`);
  if (!/^[1-9]\d{0,2}$/.test(size) || Number(size) > MAX_SIZE) {
    throw new ApiError(400, `size is ${JSON.stringify(size.slice(0, 32))}; ${expected}`);
  }
  return Number(size);
}

function assertNoBody(body: unknown): void {
  if (body === undefined || body === null) return;
  if (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0) return;
  throw new ApiError(400, 'this call takes no body; what it needs is in the query, as in ?size=4');
}
