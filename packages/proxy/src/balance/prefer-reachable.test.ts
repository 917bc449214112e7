import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { DEFAULT_BALANCE, ROUTE_DEFAULTS } from '@dproxy/core';
import { backendOf, eventually, listenerOf, Origin, streamOf } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { SITE_CERTIFICATE } from '../fixtures/certificates.ts';
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

/** Shakes hands with the first who connects and with nobody else; requests to `/later` are answered when `answer` is called. */
class Crowded {
  readonly #waiting: TLSSocket[] = [];
  #count = 0;

  readonly onConnection = (socket: Socket): void => {
    if (this.#count++ > 0) return;
    const { keyPem: key, certificatePem: cert } = SITE_CERTIFICATE;
    const secure = new TLSSocket(socket, { isServer: true, key, cert });
    secure.on('data', (request: Buffer) => {
      if (request.includes('/later')) this.#waiting.push(secure);
      else secure.write(ANSWER);
    });
    secure.on('error', () => undefined);
  };

  get hasRequest(): boolean {
    return this.#waiting.length > 0;
  }

  answer(): void {
    for (const secure of this.#waiting.splice(0)) secure.write(ANSWER);
  }
}

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncrowded';

async function crowdedEdge(balance: Partial<typeof DEFAULT_BALANCE> = {}) {
  const crowded = new Crowded();
  const first = await Origin.start({ onConnection: crowded.onConnection });
  const second = await Origin.start((exchange) => exchange.respond({ body: 'other' }));
  const to = [{ port: first.port, protocol: 'https' as const, tlsVerify: false }, { port: second.port }];
  const spec = { host: 'a.test', to, balance: { ...DEFAULT_BALANCE, ...balance } };
  const edge = await startEdge({ routes: [spec], limits: LIMITS });
  const ask = async (path = '/', headers = '') => {
    using client = await edge.connect();
    await client.write(getRequest('a.test', path, headers));
    return await client.readResponse();
  };
  const close = async () => void (await Promise.all([edge, first, second].map((part) => part[Symbol.asyncDispose]())));
  return { crowded, first, ask, [Symbol.asyncDispose]: close };
}

test('a backend that answers over the connections that it has is not in doubt', async () => {
  await using edge = await crowdedEdge();
  const slow = edge.ask('/later');
  await eventually(() => edge.crowded.hasRequest);
  const names: string[] = [];
  for (let number = 0; number < 3; number++) names.push((await edge.ask()).body.text);
  expect([names, edge.first.connections.length]).toEqual([['other', 'other', 'other'], 2]);
  edge.crowded.answer();
  expect((await slow).body.text).toBe('crowded');
  const after: string[] = [];
  for (let number = 0; number < 6; number++) after.push((await edge.ask()).body.text);
  expect(after.filter((name) => name === 'crowded')).toHaveLength(3);
});

test('a client with a cookie stays with its backend while another one has found it in doubt', async () => {
  const more = { path: '', domain: '', secure: false, httpOnly: false, sameSite: '', maxAgeS: 0 } as const;
  await using edge = await crowdedEdge({ sticky: { name: 'srv', ...more } });
  const { headers, body } = await edge.ask();
  expect(body.text).toBe('crowded');
  const cookie = `Cookie: ${headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1]}\r\n`;
  const mine = edge.ask('/later', cookie);
  await eventually(() => edge.crowded.hasRequest);
  expect((await edge.ask()).body.text).toBe('other');
  const another = edge.ask();
  await eventually(() => edge.first.connections.length === 2);
  edge.crowded.answer();
  expect([(await mine).body.text, (await another).body.text]).toEqual(['crowded', 'other']);
  const again = await edge.ask('/', cookie);
  expect(again.body.text).toBe('crowded');
  expect(again.headers.map(([name]) => name.toLowerCase())).not.toContain('set-cookie');
});

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
