export { ApplicationPath } from './application-path.ts';
export { MemorySocket } from './memory-socket.ts';
export { PluginLoader, type Plugin, type PluginLoaderOptions } from './plugin-loader.ts';
