import { ROUTE_DEFAULTS } from '@dproxy/core';
import { backendOf, listenerOf, Origin, streamOf } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';

/** Nobody waits this long: a test that ends has gone elsewhere. */
const LIMITS = { upstreamConnectMs: 600_000, upstreamElsewhereMs: 100 };
const REQUESTS = 20;

/** Accepts, and never answers a handshake: to a backend of TLS there is no connection, and none is refused. */
const SILENT = { onConnection: (): void => undefined };

test.each(['roundRobin', 'leastConnections', 'leastTime'] as const)(
  'requests leave a backend that accepts none for another, and then pass it over: %s',
  async (strategy) => {
    await using silent = await Origin.start(SILENT);
    await using origin = await Origin.start((exchange) => exchange.respond({ body: 'here' }));
    const to = [{ port: silent.port, protocol: 'https' as const }, origin];
    const balance = { ...ROUTE_DEFAULTS.balance, strategy };
    await using edge = await startEdge({ routes: [{ host: 'a.test', to, balance }], limits: LIMITS });
    using client = await edge.connect();
    for (let number = 0; number < REQUESTS; number++) {
      // Nothing of a body is sent before somebody accepts.
      const request =
        number % 2 === 0
          ? getRequest()
          : `${getRequest('a.test', '/', 'Content-Length: 1\r\n').replace('GET', 'POST')}x`;
      await client.write(request);
      const { status, body: got } = await client.readResponse();
      expect([status, got.text]).toEqual([200, 'here']);
    }
    // Once in a second one of them tries it: on a machine that takes long for twenty requests more than one.
    expect(silent.connections.length).toBeLessThan(REQUESTS / 4);
  },
);

test('connections of TCP do so, too', async () => {
  await using silent = await Origin.start(SILENT);
  await using origin = await Origin.start({ onConnection: (socket) => void socket.end('here') });
  const backends = [
    backendOf({ id: 'silent', port: silent.port, protocol: 'https' }),
    backendOf({ id: 'other', port: origin.port }),
  ];
  await using edge = await startEdge({
    listeners: [listenerOf({ id: 'tcp:1', protocol: 'tcp' })],
    streams: [streamOf({ backendIds: ['silent', 'other'] })],
    backends,
    limits: LIMITS,
  });
  for (let number = 0; number < REQUESTS; number++) {
    using client = await edge.connect('tcp:1');
    expect((await client.readBytes(4)).toString()).toBe('here');
  }
  expect(silent.connections.length).toBeGreaterThan(0);
  expect(silent.connections.length).toBeLessThan(REQUESTS / 4);
});

test('where all are in doubt, they are tried as ever, with all of the time', async () => {
  await using one = await Origin.start(SILENT);
  await using two = await Origin.start(SILENT);
  await using edge = await startEdge({
    routes: { 'a.test': [one, two].map(({ port }) => ({ port, protocol: 'https' as const })) },
    limits: { upstreamConnectMs: 200, upstreamElsewhereMs: 100 },
  });
  for (const asked of [1, 2]) {
    using client = await edge.connect();
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(504);
    expect([one, two].map(({ connections }) => connections.length)).toEqual([asked, asked]);
  }
});
