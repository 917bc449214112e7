export type { AccessLog, AccessLogEntry } from './access-log.ts';
export { ApplicationPath, PluginLoader, type Plugin, type PluginLoaderOptions } from './application/index.ts';
export { createDataPlane, type DataPlaneOptions } from './data-plane.ts';
export { isPageName } from './pages/index.ts';
export { Rehearsal, type RehearsedRequest, type RehearsedTls, type Rehearsed } from './rehearsal/index.ts';
export { isThemeFile, themeFault, themeNames } from './pages/waiting/index.ts';
