export { type Admin, type AdminOptions, createAdmin } from './admin.ts';
export {
  AdminClient,
  type AdminClientOptions,
  AdminError,
  type AdminErrorReason,
  type BalancerProgress,
  type Health,
  type RouteRow,
  type StreamRow,
} from './client.ts';
export { assertListenable } from './listenable.ts';
export { createStatisticsServer, type StatisticsServerOptions } from './statistics/statistics-server.ts';
export { ensureToken, readToken } from './token.ts';
