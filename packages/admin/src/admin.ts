import type { AddressInfo } from 'node:net';
import type { Balancer, ContainerMaker, Explainer, Inspector, Log, StatisticsReader } from '@dproxy/core';
import type { FastifyInstance } from 'fastify';
import { Access } from './access.ts';
import { guard } from './guard.ts';
import { assertListenable } from './listenable.ts';
import type { Lockout } from './lockout.ts';
import { balancerRoutes } from './routes/balancer.ts';
import { containerRoutes } from './routes/container.ts';
import { docsRoutes } from './routes/docs.ts';
import { explainRoute } from './routes/explain.ts';
import { healthRoute } from './routes/health.ts';
import { listRoutes } from './routes/lists.ts';
import { metricsRoute } from './routes/metrics.ts';
import { retryCertificateRoute } from './routes/retry-certificate.ts';
import { statisticsRoutes } from './routes/statistics.ts';
import { createServer } from './server.ts';

export interface AdminOptions {
  readonly balancer: Balancer;
  readonly inspector: Inspector;
  readonly explainer: Explainer;
  readonly statistics: StatisticsReader;
  readonly maker: ContainerMaker;
  /** The text of `/metrics`. */
  readonly readMetrics: () => Promise<string>;
  /** @returns false when nobody waits for a certificate of that name */
  readonly retryCertificate: (host: string) => boolean;
  /** What callers have to send, from the environment or from `ensureToken`. Empty: only loopback is answered. */
  readonly token: string;
  /** `api.tokenAlways`. */
  readonly tokenAlways: boolean;
  readonly log: Log;
  /** Epoch milliseconds; for the lockout. Default `Date.now`. */
  readonly now?: () => number;
  readonly lockout?: Lockout;
}

export interface Admin {
  /**
   * @param host an address; `localhost` is 127.0.0.1. Beyond loopback a token is needed.
   * @returns the address that is really bound (port 0 resolved).
   * @throws Error when the address cannot be had, or when it may not be listened on without a token.
   */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Running calls get two seconds. */
  close(): Promise<void>;
  /** Undefined before `listen` and after `close`. */
  address(): { readonly host: string; readonly port: number } | undefined;
}

const CLOSE_MS = 2_000;

/** The admin API of the primary (contract: "Admin API on 16000"). */
export function createAdmin(options: AdminOptions): Admin {
  const app = createApp(options);
  const address = (): { host: string; port: number } | undefined => {
    const bound = app.server.address() as AddressInfo | null;
    return bound === null ? undefined : { host: bound.address, port: bound.port };
  };
  return {
    listen: async (host, port) => {
      await app.listen({ host: assertListenable(host, options.token), port });
      const bound = address();
      if (bound === undefined) throw new Error('the admin API was closed while it was starting');
      return bound;
    },
    close: async () => {
      const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
      await app.close();
      clearTimeout(cut);
    },
    address,
  };
}

/** The Fastify instance, for tests that look at its routes. */
export function createApp(options: AdminOptions): FastifyInstance {
  const { balancer, inspector, log } = options;
  const { token, tokenAlways, lockout } = options;
  const access = new Access({ token, tokenAlways, ...(lockout === undefined ? {} : { lockout }) });
  const app = createServer(log);
  guard(app, access, { log, now: options.now ?? Date.now });
  // A plugin of its own, so that the OpenAPI plugin, which was registered before, is there to note every route.
  void app.register(async (scope) => {
    docsRoutes(scope);
    healthRoute(scope, balancer, inspector);
    balancerRoutes(scope, balancer, log);
    listRoutes(scope, inspector);
    containerRoutes(scope, options.maker, log);
    explainRoute(scope, options.explainer);
    retryCertificateRoute(scope, options.retryCertificate, log);
    metricsRoute(scope, options.readMetrics);
    statisticsRoutes(scope, options.statistics);
  });
  return app;
}
