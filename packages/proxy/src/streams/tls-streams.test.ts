import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import {
  backendOf,
  eventually,
  listenerOf,
  Origin,
  RawClient,
  snapshotOf,
  streamOf,
  type SnapshotSpec,
} from '@dproxy/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { helloOf, recordsOf } from '../tls/_hello.ts';

const MATERIAL = new Map([SITE_CERTIFICATE, LOCAL_CERTIFICATE].map((each) => [each.id, each]));
const HTTPS = listenerOf({ protocol: 'https' });
const TCP = listenerOf({ id: 'tcp:1', protocol: 'tcp' });

async function startStreams(spec: SnapshotSpec) {
  const edge = await startEdge({ listeners: [] });
  onTestFinished(() => edge.plane.close());
  const apply = (next: SnapshotSpec) =>
    edge.apply(
      snapshotOf({ listeners: [HTTPS, TCP], certificates: [SITE_CERTIFICATE, LOCAL_CERTIFICATE], ...next }),
      MATERIAL,
    );
  await apply(spec);
  const tls = (servername: string | undefined, listenerId = 'https', ALPNProtocols?: string[]) =>
    RawClient.connect({
      port: edge.port(listenerId),
      tls: {
        rejectUnauthorized: false,
        ...(servername === undefined ? {} : { servername }),
        ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
      },
    });
  return { ...edge, apply, tls };
}

/** A backend that ends TLS itself, says `name` and sends back what it hears. */
async function tlsBackend(name: string, protocols: string[] = []) {
  const server = createServer(
    {
      key: LOCAL_CERTIFICATE.keyPem,
      cert: LOCAL_CERTIFICATE.certificatePem,
      ALPNProtocols: protocols,
      allowHalfOpen: true,
    },
    (socket) => {
      socket.on('error', () => undefined);
      socket.write(name);
      socket.pipe(socket);
    },
  );
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return backendOf({ id: name, port: (server.address() as AddressInfo).port, protocol: 'tcp' });
}

/** A backend in clear that does the same. */
async function clearBackend(name: string) {
  const origin = await Origin.start({
    onConnection: (socket) => void socket.on('data', (data) => socket.write(data)).write(name),
  });
  onTestFinished(() => origin[Symbol.asyncDispose]());
  return backendOf({ id: name, port: origin.port, protocol: 'tcp' });
}

async function hear(client: RawClient, text: string): Promise<string> {
  return (await client.readBytes(text.length)).toString();
}

function fingerprint(client: RawClient): string {
  return (client.socket as TLSSocket).getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase();
}

function passthrough(host: string, backendId: string, more: Parameters<typeof streamOf>[0] = {}) {
  return streamOf({ listenerId: 'https', host, tls: 'passthrough', backendIds: [backendId], ...more });
}

describe('on one port with HTTPS', () => {
  test('a name of a stream goes to its backend unread, all other names to HTTP', async () => {
    await using site = await Origin.start((exchange) => exchange.respond({ body: 'site' }));
    const db = await tlsBackend('db');
    const edge = await startStreams({
      routes: { 'a.test': site },
      backends: [db],
      streams: [passthrough('db.test', 'db')],
    });
    using raw = await edge.tls('db.test');
    expect(fingerprint(raw)).toBe(LOCAL_CERTIFICATE.id);
    expect(await hear(raw, 'db')).toBe('db');
    const body = Buffer.alloc(300_000, 'x');
    await raw.write(body);
    expect((await raw.readBytes(body.length)).equals(body)).toBe(true);
    using http = await edge.tls('a.test');
    expect(fingerprint(http)).toBe(SITE_CERTIFICATE.id);
    await http.write(getRequest());
    expect((await http.readResponse()).body.text).toBe('site');
    await expect(edge.tls('unknown.test')).rejects.toThrow(/unrecognized.name|unrecognized_name/);
    // The tunnel was not disturbed, and ends in order.
    raw.halfClose();
    expect(await raw.ended).toBe('end');
    await eventually(() => edge.plane.stats().tunnels === 0);
  });

  test('TLS that ends here has the certificate of the name, and bytes go on in clear', async () => {
    const db = await clearBackend('db');
    const edge = await startStreams({
      backends: [db],
      streams: [passthrough('a.test', 'db', { tls: 'terminate', alpn: ['postgresql', 'x'] })],
    });
    using client = await edge.tls('a.test', 'https', ['x', 'h2', 'postgresql']);
    expect([fingerprint(client), (client.socket as TLSSocket).alpnProtocol]).toEqual([
      SITE_CERTIFICATE.id,
      'postgresql',
    ]);
    expect(await hear(client, 'db')).toBe('db');
    await client.write('hello');
    expect(await hear(client, 'hello')).toBe('hello');
    await expect(edge.tls('a.test', 'https', ['h2'])).rejects.toThrow(/unrecognized/);
  });

  test('a stream has the names that it names; of others only those that no site names more exactly', async () => {
    await using site = await Origin.start((exchange) => exchange.respond({ body: 'site' }));
    const [db, all] = [await tlsBackend('db'), await tlsBackend('all')];
    const edge = await startStreams({
      routes: { 'a.test': site, '*.wild.test': site, 'x.named.test': site },
      backends: [db, all],
      streams: [passthrough('a.test', 'db'), passthrough('*.named.test', 'db'), passthrough('*', 'all')],
      limits: { leafWaitMs: 1 },
    });
    const whoHas = async (name: string): Promise<string> => {
      using client = await edge.tls(name);
      await client.write(getRequest(name));
      const [first = 0] = await client.readBytes(1);
      return String.fromCharCode(first);
    };
    const names = ['a.test', 'b.wild.test', 'x.named.test', 'y.named.test', 'else.test'];
    const seen: string[] = [];
    for (const name of names) seen.push(await whoHas(name).catch((error: Error) => error.message));
    // `x.named.test` has no certificate here: an alert of HTTP, not the stream.
    expect(seen).toEqual(['d', 'H', expect.stringMatching(/unrecognized/), 'd', 'a']);
  });

  test('a route for every host is no name: a stream for every name comes first', async () => {
    await using site = await Origin.start((exchange) => exchange.respond({ body: 'site' }));
    const all = await tlsBackend('all');
    const edge = await startStreams({
      routes: [{ host: '*', path: '/x', to: site }],
      backends: [all],
      streams: [passthrough('*', 'all')],
    });
    using client = await edge.tls('a.test');
    expect(await hear(client, 'all')).toBe('all');
  });

  test('who names nobody goes on to HTTP', async () => {
    const all = await tlsBackend('all');
    await using site = await Origin.start((exchange) => exchange.respond({ body: 'site' }));
    const edge = await startStreams({
      routes: { 'a.test': site },
      backends: [all],
      streams: [passthrough('*', 'all')],
    });
    using client = await edge.tls(undefined);
    await client.write(getRequest());
    expect((await client.readResponse()).body.text).toBe('site');
  });

  test('clients, protocols and connections of one client are limited by stream', async () => {
    const [one, two] = [await tlsBackend('one', ['x']), await tlsBackend('two', ['h2'])];
    const edge = await startStreams({
      backends: [one, two],
      streams: [
        passthrough('db.test', 'one', { id: 'https/db.test #1', alpn: ['x'] }),
        passthrough('db.test', 'two', { connectionsPerClient: 1 }),
        passthrough('other.test', 'two', { clients: ['192.0.2.0/24'] }),
      ],
    });
    using x = await edge.tls('db.test', 'https', ['x']);
    expect(await hear(x, 'one')).toBe('one');
    using h2 = await edge.tls('db.test', 'https', ['h2']);
    expect(await hear(h2, 'two')).toBe('two');
    await expect(edge.tls('db.test', 'https', ['h2'])).rejects.toThrow(/ECONNRESET|disconnected/);
    await expect(edge.tls('other.test')).rejects.toThrow(/unrecognized/);
    expect(edge.plane.stats().errors['too-many-connections']).toBe(1);
    h2.halfClose();
    await h2.ended;
    await eventually(async () => {
      using again = await edge.tls('db.test', 'https', ['h2']);
      return (await hear(again, 'two')) === 'two';
    });
  });
});

describe('on a port of its own', () => {
  test('names lead to their backends, and what is no TLS to the stream that does not look', async () => {
    const [db, kv, plain] = [await tlsBackend('db'), await tlsBackend('kv'), await clearBackend('plain')];
    const edge = await startStreams({
      backends: [db, kv, plain],
      streams: [
        passthrough('db.test', 'db', { listenerId: 'tcp:1' }),
        passthrough('*.kv.test', 'kv', { listenerId: 'tcp:1' }),
        streamOf({ backendIds: ['plain'] }),
      ],
    });
    using one = await edge.tls('db.test', 'tcp:1');
    using two = await edge.tls('a.b.kv.test', 'tcp:1');
    using three = await RawClient.connect({ port: edge.port('tcp:1') });
    await three.write('GET');
    expect([await hear(one, 'db'), await hear(two, 'kv'), await hear(three, 'plainGET')]).toEqual([
      'db',
      'kv',
      'plainGET',
    ]);
    // TLS for a name that nobody has goes unread to the stream that looks at nothing; it answers in clear.
    await expect(edge.tls('else.test', 'tcp:1')).rejects.toThrow(/wrong version|packet length|WRONG_VERSION/i);
  });

  test('a name that nobody has gets an alert; what is no TLS, and a name without a backend, a reset', async () => {
    const edge = await startStreams({
      streams: [passthrough('db.test', 'gone', { listenerId: 'tcp:1' })],
    });
    await expect(edge.tls('else.test', 'tcp:1')).rejects.toThrow(/unrecognized/);
    await expect(edge.tls('db.test', 'tcp:1')).rejects.toThrow(/ECONNRESET|disconnected/);
    using plain = await RawClient.connect({ port: edge.port('tcp:1') });
    await plain.write('GET / HTTP/1.1\r\n\r\n');
    expect(await plain.ended).toBe('reset');
  });

  test('a hello in many pieces arrives at the backend as it was sent', async () => {
    const heard: Buffer[] = [];
    await using origin = await Origin.start({
      onConnection: (socket) => void socket.on('data', (data: Buffer) => heard.push(data)),
    });
    const edge = await startStreams({
      backends: [backendOf({ id: 'db', port: origin.port, protocol: 'tcp' })],
      streams: [passthrough('db.test', 'db', { listenerId: 'tcp:1' })],
    });
    const name = Buffer.from('db.test');
    const sni = Buffer.concat([Buffer.from([0, name.length + 3, 0, 0, name.length]), name]);
    const hello = Buffer.concat([
      recordsOf(helloOf({ extensions: [[0, sni]] }), [3, 1, 40, 7]),
      Buffer.from('early data'),
    ]);
    using client = await RawClient.connect({ port: edge.port('tcp:1') });
    for (const byte of hello) await client.write(Buffer.from([byte]));
    await eventually(() => Buffer.concat(heard).equals(hello));
  });

  test('a hello that does not come to its end is given up', async () => {
    const edge = await startStreams({
      streams: [passthrough('db.test', 'gone', { listenerId: 'tcp:1' })],
      limits: { tlsHandshakeMs: 1 },
    });
    using client = await RawClient.connect({ port: edge.port('tcp:1') });
    await client.write(Buffer.from([0x16, 3, 1]));
    await client.ended;
    expect(edge.plane.stats().errors['tls-handshake-failed']).toBe(1);
  });
});

test('a change to one stream, and the end of a listener, leave open connections alone', async () => {
  const [db, kv, plain] = [await tlsBackend('db'), await tlsBackend('kv'), await clearBackend('plain')];
  const backends = [db, kv, plain];
  const streams = [passthrough('db.test', 'db'), passthrough('kv.test', 'kv'), streamOf({ backendIds: ['plain'] })];
  const edge = await startStreams({ backends, streams });
  using one = await edge.tls('db.test');
  using three = await RawClient.connect({ port: edge.port('tcp:1') });
  expect([await hear(one, 'db'), await hear(three, 'plain')]).toEqual(['db', 'plain']);
  const port = edge.port('tcp:1');
  await edge.apply({ listeners: [HTTPS], backends: [db, kv], streams: [passthrough('kv.test', 'kv')] });
  await expect(RawClient.connect({ port })).rejects.toThrow(/ECONNREFUSED/);
  await expect(edge.tls('db.test')).rejects.toThrow(/unrecognized/);
  await one.write('still');
  await three.write('here');
  expect([await hear(one, 'still'), await hear(three, 'here')]).toEqual(['still', 'here']);
  await edge.apply({ backends, streams });
  using again = await RawClient.connect({ port: edge.port('tcp:1') });
  expect(await hear(again, 'plain')).toBe('plain');
});
