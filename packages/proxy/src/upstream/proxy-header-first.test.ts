import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, silentLog } from '@dproxy/core';
import { backendOf, type BackendSpec, eventually, Origin, within } from '@dproxy/testkit';
import { Counters } from '../counters.ts';
import { DeadlineWheel } from '../deadline-wheel.ts';
import { SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { NameCache } from './name-cache.ts';
import { UpstreamPool } from './upstream-pool.ts';
import type { UpstreamUser } from './upstream-user.ts';

const CLIENT = { remoteAddress: '192.0.2.7', remotePort: 4_711, localAddress: '192.0.2.1', localPort: 443 };
const HEADER = 'PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n';

/** The header in clear, TLS behind it, and what comes in it. */
function secureAfterHeader(seen: string[]): (socket: Socket) => void {
  return (socket) => {
    socket.once('readable', () => {
      seen.push(String(socket.read(HEADER.length)));
      const secured = new TLSSocket(socket, {
        isServer: true,
        key: SITE_CERTIFICATE.keyPem,
        cert: SITE_CERTIFICATE.certificatePem,
      });
      secured.on('error', () => undefined);
      secured.on('data', (bytes) => seen.push(String(bytes)));
    });
  };
}

describe('a connection to a backend that expects a PROXY header', () => {
  let wheel: DeadlineWheel;
  let pool: UpstreamPool;
  beforeEach(() => {
    wheel = new DeadlineWheel((error) => {
      throw error;
    });
  });
  afterEach(() => {
    pool.destroy();
    wheel.dispose();
  });

  function poolOf(backend: BackendSpec): UpstreamPool {
    const context = { wheel, counters: new Counters(), names: new NameCache(), log: silentLog, bufferBytes: 65_536 };
    pool = new UpstreamPool(backendOf(backend), context, DEFAULT_LIMITS);
    return pool;
  }

  /** Rejects when the connection cannot be made. */
  function userOf(): { readonly user: UpstreamUser; readonly ready: Promise<void> } {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const user: UpstreamUser = {
      onUpstreamReady: resolve,
      onUpstreamData: () => false,
      onUpstreamDrain: () => undefined,
      onUpstreamEnd: () => undefined,
      onUpstreamClosed: reject,
      onUpstreamDeadline: () => undefined,
    };
    return { user, ready: within(promise, 'the connection') };
  }

  test('begins with it, before any other byte', async () => {
    const seen: Buffer[] = [];
    await using origin = await Origin.start({
      onConnection: (socket) => void socket.on('data', (bytes: Buffer) => seen.push(bytes)),
    });
    const { user, ready } = userOf();
    const connection = poolOf({ port: origin.port, protocol: 'tcp', proxyProtocol: 'v1' }).connect(user, 5_000, CLIENT);
    await ready;
    connection.writeText('hello');
    await eventually(() => Buffer.concat(seen).toString() === `${HEADER}hello`);
  });

  test('begins with it in clear when TLS follows', async () => {
    const seen: string[] = [];
    await using origin = await Origin.start({ onConnection: secureAfterHeader(seen) });
    const { user, ready } = userOf();
    const backend = { port: origin.port, protocol: 'https', proxyProtocol: 'v1', tlsVerify: false } as const;
    const connection = poolOf(backend).connect(user, 5_000, CLIENT);
    await ready;
    connection.writeText('hello');
    await eventually(() => seen.join('|') === `${HEADER}|hello`);
  });

  test('fails by its own error when TLS behind it does not verify, or never begins', async () => {
    await using origin = await Origin.start({ onConnection: secureAfterHeader([]) });
    const backend = { port: origin.port, protocol: 'https', proxyProtocol: 'v1' } as const;
    await expect(connected(backend, 5_000)).rejects.toMatchObject({ code: 'upstream-tls' });
    await using silent = await Origin.start({ onConnection: (socket) => void socket.resume() });
    await expect(connected({ ...backend, port: silent.port }, 100)).rejects.toMatchObject({
      code: 'upstream-connect-timeout',
    });
    const gone = { ...backend, port: silent.port };
    await silent.close();
    await expect(connected(gone, 5_000)).rejects.toMatchObject({
      code: 'upstream-refused',
    });
  });

  async function connected(backend: BackendSpec, connectMs: number): Promise<void> {
    const { user, ready } = userOf();
    poolOf(backend).connect(user, connectMs, CLIENT);
    await ready;
  }

  test('is never kept for another request: it speaks for the client that it names', async () => {
    await using origin = await Origin.start();
    const { user, ready } = userOf();
    const own = poolOf({ port: origin.port, proxyProtocol: 'v2' });
    const connection = own.acquire(user, 5_000, CLIENT);
    await ready;
    own.release(connection);
    expect([own.idleCount, own.openCount]).toEqual([0, 0]);
  });
});
