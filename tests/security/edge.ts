import { type Log, type Snapshot, silentLog } from '@dproxy/core';
import { type AccessLog, ApplicationPath, createDataPlane, type Plugin, PluginLoader } from '@dproxy/proxy';
import {
  type Origin,
  RawClient,
  type RawResponse,
  type RouteSpec,
  snapshotOf,
  type SnapshotSpec,
} from '@dproxy/testkit';

/** The two ways through a worker; what holds on one must hold on the other. */
export const PATHS = ['direct', 'plugins'] as const;
export type PathName = (typeof PATHS)[number];

export interface EdgeOptions extends Omit<SnapshotSpec, 'routes'> {
  readonly path?: PathName;
  readonly routes: readonly RouteSpec[];
  readonly log?: Log;
  readonly onAccessLog?: AccessLog;
}

export type Edge = Awaited<ReturnType<typeof startEdge>>;

/** A plugin that does nothing: the request takes the application path, and that is all. */
const nothing: Plugin = async () => {};

/** A whole data plane on loopback. */
export async function startEdge({ path = 'direct', log = silentLog, onAccessLog, routes, ...spec }: EdgeOptions) {
  const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', nothing]]) });
  const plane = createDataPlane({
    log,
    reusePort: false,
    applicationPath: new ApplicationPath({ loader, log }),
    ...(onAccessLog === undefined ? {} : { onAccessLog }),
  });
  const plugins = path === 'plugins' ? ['nothing'] : [];
  const apply = (snapshot: Snapshot) => plane.apply(snapshot, new Map());
  // A client that keeps its side open after our end is waited for; here that costs nothing but time.
  const limits = { lingerMs: 200, ...spec.limits };
  await apply(snapshotOf({ ...spec, limits, routes: routes.map((route) => ({ ...route, plugins })) }));
  const port = (listenerId = 'http') => plane.addresses().get(listenerId)?.[0]?.port ?? 0;
  return {
    plane,
    apply,
    port,
    connect: (listenerId?: string) => RawClient.connect({ port: port(listenerId) }),
    /** The answer to one request on a connection of its own. */
    send: async (request: string): Promise<RawResponse> => {
      using client = await RawClient.connect({ port: port() });
      await client.write(request);
      return await client.readResponse({ method: request.split(' ', 1)[0] ?? 'GET' });
    },
    [Symbol.asyncDispose]: () => plane.close(),
  };
}

/** What an attacker wants the backend to take for a request. */
export const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\nX-Smuggled: 1\r\n\r\n';

/** Everything that came to a backend, on all of its connections. */
export function seenBy(origin: Origin): string {
  return origin.connections.map(({ received }) => received.toString('latin1')).join('');
}

/** The targets of the requests that a backend saw, in order. */
export function targetsOf(origin: Origin): string[] {
  return origin.requests.map(({ target }) => target);
}
