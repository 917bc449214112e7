import { createServer, METHODS, type IncomingMessage, type Server } from 'node:http';
import httpProxy from '@fastify/http-proxy';
import type { Log } from '@dproxy/core';
import Fastify, { LogController, type FastifyInstance } from 'fastify';
import type { ApplicationChain } from './application-chain.ts';
import type { ApplicationExchange } from './application-exchange.ts';
import { passBodies } from './body-passing.ts';
import { buffering } from './built-in/buffering.ts';
import { compression } from './built-in/compression.ts';
import { addErrorReplies, answerUnreadable } from './error-replies.ts';
import { forward, MAX_HEAD_BYTES } from './forward.ts';
import { withoutEncapsulation, type PluginLoader } from './plugin-loader.ts';
import { pluginLog } from './plugin-log.ts';
import { RequestStates } from './request-state.ts';
import { MemorySocket } from './memory-socket.ts';
import { mayUpgrade, routeUpgrade } from './upgrade.ts';

/** The direct path answers these itself (405). */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE']);

export interface PluginApplicationOptions {
  readonly chain: Pick<ApplicationChain, 'plugins' | 'filters'>;
  readonly loader: PluginLoader;
  readonly log: Log;
}

/**
 * One Fastify instance with one list of plugins. It listens nowhere: its connections are ends of memory sockets, each for
 * one request that the direct path has parsed, judged and written anew, and whose deadlines and limits are kept there.
 */
export class PluginApplication {
  readonly #app: FastifyInstance;
  readonly #server: Server;
  readonly #states: RequestStates;
  readonly #open = new Set<MemorySocket>();
  #onIdle: (() => void) | undefined;

  private constructor(app: FastifyInstance, server: Server, states: RequestStates) {
    this.#app = app;
    this.#server = server;
    this.#states = states;
  }

  /** @throws Error of a plugin that cannot be found or does not start within 10 s. */
  static async load({ chain, loader, log }: PluginApplicationOptions): Promise<PluginApplication> {
    const states = new RequestStates();
    const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, shouldUpgradeCallback: mayUpgrade });
    // A request is the last one of its connection, also for node:http.
    server.maxRequestsPerSocket = 1;
    const app = newFastify(server, states, log);
    const application = new PluginApplication(app, server, states);
    try {
      await application.#register(chain, loader, log);
    } catch (error) {
      await app.close();
      throw error;
    }
    return application;
  }

  /** A connection that speaks HTTP/1.1 to the plugins and carries one request. */
  connect(exchange: ApplicationExchange): MemorySocket {
    const [near, far] = MemorySocket.pair({
      remoteAddress: exchange.clientAddress,
      remotePort: exchange.clientPort,
      encrypted: exchange.isTls,
    });
    this.#open.add(far);
    far.once('close', () => {
      this.#open.delete(far);
      if (this.#open.size === 0) this.#onIdle?.();
    });
    this.#states.addConnection(far, exchange);
    this.#server.emit('connection', far);
    return near;
  }

  /** For an application that gets no new connections: resolves when the last one is gone and the plugins are closed. */
  async closeWhenIdle(): Promise<void> {
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.close();
  }

  /** Cuts what is open and runs the plugins' `onClose` hooks. */
  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await this.#app.close();
  }

  async #register(
    { plugins, filters }: PluginApplicationOptions['chain'],
    loader: PluginLoader,
    log: Log,
  ): Promise<void> {
    const app = this.#app;
    const states = this.#states;
    addErrorReplies(app, states, log);
    this.#addFirstHook();
    passBodies(app);
    for (const { module, options } of plugins) {
      const plugin = await loader.load(module);
      await app.register(withoutEncapsulation(plugin), options);
    }
    for (const filter of filters) await addFilter(app, filter);
    await app.register(httpProxy, {
      upstream: '',
      proxyPayloads: false,
      httpMethods: app.supportedMethods.filter((method) => !REFUSED_METHODS.has(method)),
      // The plugin would refuse `..`, `//` and stray `%`; the direct path has judged the path, and its bytes go on as they are.
      preRewrite: () => '/',
      replyOptions: { getUpstream: () => 'http://upstream-pool.invalid' },
      handler: (request, reply) => {
        forward({ request, reply, state: states.of(request.raw) });
      },
    });
    await app.ready();
    this.#server.on('upgrade', (message, socket, head) => {
      routeUpgrade(message, { socket, head }, states, (request, response) => app.routing(request, response));
    });
  }

  /** Runs before any hook of a plugin. */
  #addFirstHook(): void {
    this.#app.addHook('onRequest', (request, reply, done) => {
      this.#states.begin(request.raw, reply.raw);
      restoreUrl(request.raw);
      done();
    });
  }
}

async function addFilter(app: FastifyInstance, filter: ApplicationChain['filters'][number]): Promise<void> {
  if (filter.type === 'compress') await compression(app, filter);
  else buffering(app, filter);
}

/** `rewriteUrl` has shown the router another one. */
function restoreUrl(message: IncomingMessage & { readonly originalUrl?: string }): void {
  message.url = message.originalUrl ?? message.url ?? '/';
}

function newFastify(server: Server, states: RequestStates, log: Log): FastifyInstance {
  const app: FastifyInstance = Fastify({
    serverFactory: (handler) => {
      server.on('request', handler);
      return server;
    },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, states),
    loggerInstance: pluginLog(log),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: (message: IncomingMessage) => states.exchangeOf(message.socket).requestId,
    rewriteUrl: (message) => routableUrl(message.url ?? '/'),
    routerOptions: { maxParamLength: MAX_HEAD_BYTES },
    // Bodies that pass are streams and have no limit; a parser that a plugin adds says its own.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    exposeHeadRoutes: false,
    return503OnClosing: false,
  });
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method) && !REFUSED_METHODS.has(method))
      app.addHttpMethod(method, { hasBody: true });
  }
  return app;
}

/** What the router can read. It refuses a stray `%` before any hook has run; such a path takes the route that forwards. */
function routableUrl(url: string): string {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (!path.startsWith('/')) return '/';
  if (!path.includes('%')) return url;
  try {
    decodeURIComponent(path);
    return url;
  } catch {
    return mark < 0 ? '/' : `/${url.slice(mark)}`;
  }
}
