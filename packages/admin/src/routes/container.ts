import { MakerError, type ContainerMaker, type Log, type MadeContainer, type MakerProblem } from '@dproxy/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, ApiError, succeeded } from '../answers.ts';
import { answerOf, refusals } from '../schemas.ts';
import { readOrder } from './container-order.ts';
import { IMAGE_BODY, MADE_LIST, madeAnswer } from './container-schemas.ts';

/**
 * `POST /container` and what can be done with a container that it made. Whoever may create containers is close to being root on
 * that machine, so every call that changes something needs the token, also from loopback, and images have to be allowed by name.
 */
export function containerRoutes(app: FastifyInstance, maker: ContainerMaker, log: Log): void {
  app.route({
    method: 'GET',
    url: '/container',
    config: { isOpen: true },
    schema: {
      summary: 'Containers that this API made, or is making',
      response: { 200: answerOf(MADE_LIST, 'Also those that failed or have ended.'), ...refusals() },
    },
    handler: async (): Promise<Answer> => {
      const made = await maker.list();
      return succeeded(`${made.length} made by this API`, made);
    },
  });
  for (const url of ['/container', '/containers']) createRoute(app, url, { maker, log });
  for (const call of CALLS) changeRoute(app, call, { maker, log });
}

interface Parts {
  readonly maker: ContainerMaker;
  readonly log: Log;
}

interface Call {
  readonly method: 'POST' | 'DELETE';
  readonly url: string;
  readonly summary: string;
  readonly act: (maker: ContainerMaker, ref: string) => Promise<MadeContainer>;
  /** Default: the state that it is in. */
  readonly becomes?: string;
}

const CALLS: readonly Call[] = [
  {
    method: 'POST',
    url: '/container/:id/start',
    summary: 'Start a container that this API made; one that has ended is made anew',
    act: (maker, ref) => maker.start(ref),
  },
  {
    method: 'POST',
    url: '/container/:id/stop',
    summary: 'Stop a container that this API made; the engine removes it then',
    act: (maker, ref) => maker.stop(ref),
  },
  {
    method: 'DELETE',
    url: '/container/:id',
    summary: 'Remove a container that this API made, or give up making it',
    act: (maker, ref) => maker.remove(ref),
    becomes: 'removed',
  },
];

const RESPONSES = {
  200: madeAnswer('Done.'),
  202: madeAnswer('Still pulling or starting; GET /container shows how far it is.'),
  403: answerOf({ type: 'null' }, 'The container API is off, or the image is not in api.containers.'),
  404: answerOf({ type: 'null' }, 'No such container was made by this API, or there is no such engine.'),
  409: answerOf({ type: 'null' }, 'The name is taken, or something is being done with the container now.'),
  ...refusals(413, 415, 500),
  429: answerOf({ type: 'null' }, 'Too many containers, calls or wrong tokens; the message says which.'),
  502: answerOf({ type: 'null' }, 'The engine or the registry cannot do it; the message says which.'),
  503: answerOf({ type: 'null' }, 'The engine cannot be reached, or does not answer in time.'),
} as const;

function createRoute(app: FastifyInstance, url: string, { maker, log }: Parts): void {
  app.route({
    method: 'POST',
    url,
    config: { isOpen: false },
    schema: {
      summary: 'Pull an image if it is absent, make a container of it and start it',
      body: IMAGE_BODY,
      response: RESPONSES,
    },
    handler: async (request, reply) => {
      const order = readOrder(request.body);
      const made = await orRefusal(reply, maker.make(order));
      const { name, image, tag, engine, state } = made;
      log.info({ call: 'make', by: request.ip, name, image, tag, engine, state }, 'container call');
      return answer(made, reply);
    },
  });
}

function changeRoute(app: FastifyInstance, { method, url, summary, act, becomes }: Call, { maker, log }: Parts): void {
  app.route({
    method,
    url,
    config: { isOpen: false },
    schema: {
      summary,
      params: { type: 'object', properties: { id: { type: 'string', description: 'its name or its id' } } },
      response: RESPONSES,
    },
    handler: async (request: FastifyRequest, reply) => {
      assertNoBody(request.body);
      const { id } = request.params as { readonly id: string };
      const made = await orRefusal(reply, act(maker, id));
      log.info({ call: `${method} ${url}`, by: request.ip, name: made.name, state: made.state }, 'container call');
      return answer(made, reply, becomes);
    },
  });
}

interface MadeAnswer extends Answer {
  readonly status: 'pending' | 'success';
  readonly container: string;
}

function answer(made: MadeContainer, reply: FastifyReply, becomes?: string): MadeAnswer {
  const { name, state, pull } = made;
  const isPending = becomes === undefined && (state === 'pulling' || state === 'creating' || state === 'starting');
  if (isPending) void reply.code(202);
  const progress = pull === null ? '' : `, ${pull.finishedLayers} of ${pull.layers} layers`;
  const message = isPending
    ? `under way: ${state}${progress}; GET /container shows the rest`
    : `${name} is ${becomes ?? state}`;
  return {
    ...succeeded(message, made),
    status: isPending ? 'pending' : 'success',
    container: `${name}.localhost`,
  };
}

const STATUSES: Readonly<Record<MakerProblem, number>> = {
  forbidden: 403,
  unknown: 404,
  conflict: 409,
  budget: 429,
  engine: 502,
  unreachable: 503,
};

async function orRefusal<T>(reply: FastifyReply, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof MakerError)) throw error;
    const { problem, message, retryAfterMs, cause } = error;
    if (retryAfterMs > 0) void reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
    throw new ApiError(STATUSES[problem], message, cause === undefined ? {} : { cause });
  }
}

function assertNoBody(body: unknown): void {
  if (body === undefined || body === null) return;
  if (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0) return;
  throw new ApiError(400, 'this call takes no body; the container is in the path');
}
