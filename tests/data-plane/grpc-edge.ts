import { silentLog, type DataPlane } from '@dproxy/core';
import { createDataPlane } from '@dproxy/proxy';
import { type BackendSpec, listenerOf, type RouteSpec, snapshotOf, type SnapshotSpec } from '@dproxy/testkit';
import { GrpcClient, type GrpcClientOptions } from '@dproxy/testkit/grpc';
import { SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';

export interface GrpcEdge extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly port: number;
  client(options?: Partial<GrpcClientOptions>): GrpcClient;
}

export interface GrpcEdgeOptions extends Pick<SnapshotSpec, 'limits' | 'settings'> {
  readonly route?: Partial<RouteSpec>;
}

/** A data plane that serves `a.test` over TLS, in front of backends of HTTP/2 unless they say something else. */
export async function startGrpcEdge(
  to: BackendSpec | readonly BackendSpec[],
  { route, ...spec }: GrpcEdgeOptions = {},
): Promise<GrpcEdge> {
  const plane = createDataPlane({ log: silentLog, reusePort: false });
  const backends = [to].flat().map(({ port, ...backend }): BackendSpec => ({ protocol: 'h2c', port, ...backend }));
  await plane.apply(
    snapshotOf({
      listeners: [listenerOf({ protocol: 'https' })],
      certificates: [SITE_CERTIFICATE],
      routes: [{ ...route, host: 'a.test', to: backends }],
      ...spec,
    }),
    new Map([[SITE_CERTIFICATE.id, SITE_CERTIFICATE]]),
  );
  const port = plane.addresses().get('https')?.[0]?.port ?? 0;
  return {
    plane,
    port,
    client: (options) => new GrpcClient({ port, caPem: SITE_CERTIFICATE.certificatePem, ...options }),
    [Symbol.asyncDispose]: () => plane.close(),
  };
}
