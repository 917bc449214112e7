import {
  Http2Client,
  listenerOf,
  RawClient,
  snapshotOf,
  type BackendSpec,
  type RawResponse,
  type RouteSpec,
  type SnapshotSpec,
} from '@dproxy/testkit';
import { silentLog } from '@dproxy/core';
import { SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';
import { overHttp2 } from './over-http2.ts';
import { ApplicationPath, createDataPlane, PluginLoader, type Plugin } from '@dproxy/proxy';

/** The two ways through a worker. What a client and a backend see must be the same on both. */
export const PATHS = ['direct', 'plugins'] as const;
type PathName = (typeof PATHS)[number];

/** The ways to a worker. */
export const WIRES = ['HTTP/1.1', 'HTTP/1.1 over TLS', 'HTTP/2'] as const;
export type Wire = (typeof WIRES)[number];

export interface Edge extends AsyncDisposable {
  /** Goes to the origin on the path that is tested. */
  readonly host: string;
  connect(): Promise<RawClient>;
  /** One request, written as HTTP/1.1 whatever the wire is, on a connection of its own; `@` stands for the host. */
  send(request: string): Promise<RawResponse>;
}

export interface EdgeOptions extends Pick<SnapshotSpec, 'limits' | 'settings'> {
  readonly path: PathName;
  /** Default HTTP/1.1. */
  readonly wire?: Wire;
  readonly to: BackendSpec | readonly BackendSpec[];
  readonly route?: Partial<RouteSpec>;
}

/** A plugin that does nothing: the request takes the application path, and that is all. */
const nothing: Plugin = async () => {};

/** A whole data plane on loopback. */
export async function startEdge({ path, wire = 'HTTP/1.1', to, route = {}, ...spec }: EdgeOptions): Promise<Edge> {
  const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', nothing]]) });
  const dataPlane = createDataPlane({
    log: silentLog,
    workerIndex: 0,
    workerCount: 1,
    reusePort: false,
    applicationPath: new ApplicationPath({ loader, log: silentLog }),
  });
  const host = `${path}.wild.test`;
  const plugins = path === 'plugins' ? ['nothing'] : [];
  const protocol = wire === 'HTTP/1.1' ? 'http' : 'https';
  const snapshot = snapshotOf({
    ...spec,
    listeners: [listenerOf({ protocol })],
    certificates: [SITE_CERTIFICATE],
    routes: [{ ...route, host, to, plugins }],
  });
  await dataPlane.apply(snapshot, new Map([[SITE_CERTIFICATE.id, SITE_CERTIFICATE]]));
  const address = dataPlane.addresses().get(protocol)?.[0];
  if (address === undefined) throw new Error('the listener is not open');
  const tls = { ca: SITE_CERTIFICATE.certificatePem, servername: host };
  const connect = () => RawClient.connect(protocol === 'http' ? address : { ...address, tls });
  const send = async (request: string) => {
    if (wire === 'HTTP/2') {
      using http2 = await Http2Client.connect({ port: address.port, authority: host, tls });
      return await overHttp2(http2, request.replaceAll('@', host));
    }
    using client = await connect();
    await client.write(request.replaceAll('@', host));
    return await client.readResponse({ method: request.split(' ', 1)[0] ?? 'GET' });
  };
  return { host, connect, send, [Symbol.asyncDispose]: () => dataPlane.close() };
}
