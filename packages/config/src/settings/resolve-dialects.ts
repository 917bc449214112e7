import type { DialectSettings } from '../schema/dialects/dialects.ts';

/** @param fromFile makes a path of the file absolute */
export function resolveDialects(
  said: DialectSettings | undefined,
  fromFile: (path: string) => string,
): DialectSettings {
  const { nginxProxy } = said ?? {};
  if (typeof nginxProxy !== 'object' || nginxProxy.htpasswd === undefined) return said ?? {};
  return { ...said, nginxProxy: { ...nginxProxy, htpasswd: fromFile(nginxProxy.htpasswd) } };
}
