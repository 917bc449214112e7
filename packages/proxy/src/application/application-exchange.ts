import type { Duplex } from 'node:stream';
import type { Route } from '@dproxy/core';
import type { Pages } from '../pages/index.ts';

/** One request of a route with plugins: what the direct path knows and the application path needs. */
export interface ApplicationExchange {
  readonly route: Route;
  readonly requestId: string;
  /** For pages; empty when unknown. */
  readonly host: string;
  /** Of the client, as judged by `trustedProxies`. */
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly isTls: boolean;
  /** Of the Snapshot that the request began with. */
  readonly pages: Pages;
  /**
   * A new connection in memory whose other end the direct path serves like a client's, with this route already chosen:
   * balancing, pool, headers, retries and deadlines are the same as without plugins. Carries one request.
   */
  forward(): Duplex;
}
