import {
  RawClient,
  snapshotOf,
  type BackendSpec,
  type RawResponse,
  type RouteSpec,
  type SnapshotSpec,
} from '@dproxy/testkit';
import { silentLog } from '@dproxy/core';
import { ApplicationPath, createDataPlane, PluginLoader, type Plugin } from '@dproxy/proxy';

/** The two ways through a worker. What a client and a backend see must be the same on both. */
export const PATHS = ['direct', 'plugins'] as const;
type PathName = (typeof PATHS)[number];

export interface Edge extends AsyncDisposable {
  /** Goes to the origin on the path that is tested. */
  readonly host: string;
  connect(): Promise<RawClient>;
  /** One request on a connection of its own; `@` stands for the host. */
  send(request: string): Promise<RawResponse>;
}

export interface EdgeOptions extends Pick<SnapshotSpec, 'limits' | 'settings'> {
  readonly path: PathName;
  readonly to: BackendSpec | readonly BackendSpec[];
  readonly route?: Partial<RouteSpec>;
}

/** A plugin that does nothing: the request takes the application path, and that is all. */
const nothing: Plugin = async () => {};

/** A whole data plane on loopback. */
export async function startEdge({ path, to, route = {}, ...spec }: EdgeOptions): Promise<Edge> {
  const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', nothing]]) });
  const dataPlane = createDataPlane({
    log: silentLog,
    workerIndex: 0,
    workerCount: 1,
    reusePort: false,
    applicationPath: new ApplicationPath({ loader, log: silentLog }),
  });
  const host = `${path}.test`;
  const plugins = path === 'plugins' ? ['nothing'] : [];
  const snapshot = snapshotOf({ ...spec, routes: [{ ...route, host, to, plugins }] });
  await dataPlane.apply(snapshot, new Map());
  const address = dataPlane.addresses().get('http')?.[0];
  if (address === undefined) throw new Error('the listener is not open');
  const connect = () => RawClient.connect(address);
  const send = async (request: string) => {
    using client = await connect();
    await client.write(request.replaceAll('@', host));
    return await client.readResponse({ method: request.split(' ', 1)[0] ?? 'GET' });
  };
  return { host, connect, send, [Symbol.asyncDispose]: () => dataPlane.close() };
}
