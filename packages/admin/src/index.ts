export { type Admin, type AdminOptions, createAdmin } from './admin.ts';
export { assertListenable } from './listenable.ts';
export { createStatisticsServer, type StatisticsServerOptions } from './statistics/statistics-server.ts';
export { ensureToken } from './token.ts';
