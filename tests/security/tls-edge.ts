import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { type DataPlane, type Log, type Snapshot, silentLog, type TlsPolicy } from '@dproxy/core';
import { createDataPlane, type DataPlaneOptions } from '@dproxy/proxy';
import { eventually, listenerOf, type Origin, snapshotOf, type SnapshotSpec, within } from '@dproxy/testkit';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';

const MATERIAL = new Map([SITE_CERTIFICATE, LOCAL_CERTIFICATE].map((certificate) => [certificate.id, certificate]));

export interface TlsEdgeOptions extends Omit<SnapshotSpec, 'routes' | 'listeners'> {
  readonly origin: Origin;
  readonly log?: Log;
  /** Default: the site certificate, for `a.test` and `*.wild.test`. */
  readonly routes?: NonNullable<SnapshotSpec['routes']>;
  readonly plane?: Partial<DataPlaneOptions>;
}

export type TlsEdge = Awaited<ReturnType<typeof startTlsEdge>>;

/** A data plane with one https listener; the routes are `a.test` and `*.wild.test`, with the certificate of both. */
export async function startTlsEdge({ origin, log = silentLog, plane: options, ...spec }: TlsEdgeOptions) {
  const plane: DataPlane = createDataPlane({ log, reusePort: false, ...options });
  let version = 0;
  const snapshot = (more: SnapshotSpec = {}): Snapshot => {
    version++;
    return snapshotOf({
      routes: { 'a.test': origin, '*.wild.test': origin },
      listeners: [listenerOf({ protocol: 'https' })],
      certificates: [SITE_CERTIFICATE, LOCAL_CERTIFICATE],
      ...spec,
      ...more,
      version,
    });
  };
  const apply = async (more?: SnapshotSpec, material: Parameters<DataPlane['apply']>[1] = MATERIAL): Promise<void> => {
    await plane.apply(snapshot(more), material);
  };
  await apply();
  const port = plane.addresses().get('https')?.[0]?.port ?? 0;
  return { plane, port, apply, [Symbol.asyncDispose]: () => plane.close() };
}

/** A policy that asks for certificates of `clientCaPem`. */
export function policyOf(id: string, clientCertificates: TlsPolicy['clientCertificates'], clientCaPem = ''): TlsPolicy {
  return { id, profile: 'intermediate', clientCertificates, clientCaPem };
}

export interface Visit {
  /** What a request on the connection was answered with; 0: the server ended it without an answer. */
  readonly status: number;
  readonly isReused: boolean;
  readonly protocol: string;
  readonly answer: string;
  /** To resume later. */
  readonly session: Buffer | undefined;
  /** Code or message of what went wrong; empty. */
  readonly problem: string;
}

/** One connection with one request, as far as it gets. */
export async function visit(
  port: number,
  servername: string | undefined,
  { host = servername ?? 'a.test', ...tls }: ConnectionOptions & { readonly host?: string } = {},
): Promise<Visit> {
  const socket = connect({
    port,
    rejectUnauthorized: false,
    ...tls,
    host: '127.0.0.1',
    ...(servername === undefined ? {} : { servername }),
  });
  let problem = '';
  let answer = '';
  let session: Buffer | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => (problem = `${error.code} ${error.message}`));
  socket.on('session', (next) => (session = next));
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const facts = factsOf(socket);
  await within(once(socket, 'close'), 'the end of a connection').catch(() => undefined);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
  return { ...(await facts), status, answer, session, problem };
}

async function factsOf(socket: TLSSocket): Promise<Pick<Visit, 'isReused' | 'protocol'>> {
  return await new Promise((resolve) => {
    socket.once('secureConnect', () =>
      resolve({ isReused: socket.isSessionReused(), protocol: socket.getProtocol() ?? '' }),
    );
    socket.once('close', () => resolve({ isReused: false, protocol: '' }));
  });
}

export async function allGone(plane: DataPlane): Promise<void> {
  await eventually(() => plane.stats().connections === 0, { what: 'the end of all connections' });
}
