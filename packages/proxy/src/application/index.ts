export type { ApplicationExchange } from './application-exchange.ts';
export { ApplicationPath, type ApplicationPathOptions } from './application-path.ts';
export { MemorySocket, type MemorySocketFacts } from './memory-socket.ts';
export { PluginLoader, type Plugin, type PluginLoaderOptions } from './plugin-loader.ts';
