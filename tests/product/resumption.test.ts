import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import { eventually, within } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { Product } from './product.ts';

const CONNECTIONS = 60;
/** A browser holds several tickets and uses each once; that many clients come back at the same time. */
const BATCH = 10;
const YML = 'routes: [{ host: hello.localhost, respond: { status: 200, body: hello } }]';

interface Visit {
  readonly isReused: boolean;
  readonly session: Buffer | undefined;
}

/** One connection with one request. */
async function visit(port: number, tls: ConnectionOptions): Promise<Visit> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'hello.localhost', ...tls });
  let session: Buffer | undefined;
  let isReused = false;
  let answer = '';
  socket.once('secureConnect', () => (isReused = socket.isSessionReused()));
  socket.on('session', (next) => (session = next));
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n');
  await within(once(socket, 'close'), 'an answer over TLS');
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  return { isReused, session };
}

/** The share of connections that resumed what another connection began. */
async function resumed(port: number, session: Buffer | undefined, tls: ConnectionOptions): Promise<number> {
  let count = 0;
  for (let done = 0; done < CONNECTIONS; done += BATCH) {
    const batch = Array.from({ length: BATCH }, () => visit(port, { ...tls, session }));
    for (const { isReused } of await Promise.all(batch)) if (isReused) count++;
  }
  return count / CONNECTIONS;
}

it('TLS sessions resume on every worker, also on one that came later', async () => {
  await using product = await Product.start({ yml: YML, workers: 2 });
  const pids = await product.whenOnline(2);
  const ca = await product.localCa();
  const sessions = new Map<'TLSv1.2' | 'TLSv1.3', Buffer | undefined>();
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { session } = await visit(product.httpsPort, { ca, maxVersion });
    sessions.set(maxVersion, session);
    expect(await resumed(product.httpsPort, session, { ca, maxVersion })).toBeGreaterThanOrEqual(0.95);
  }
  const [leaving = 0] = pids;
  process.kill(leaving, 'SIGKILL');
  const later = await eventually(async () => {
    const now = await product.whenOnline(2);
    return now.includes(leaving) ? undefined : now;
  });
  expect(later).not.toEqual(pids);
  for (const [maxVersion, session] of sessions) {
    expect(await resumed(product.httpsPort, session, { ca, maxVersion })).toBeGreaterThanOrEqual(0.95);
  }
});
