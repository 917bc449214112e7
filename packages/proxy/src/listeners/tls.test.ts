import { once } from 'node:events';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { eventually, listenerOf, Origin, RawClient, snapshotOf } from '@dproxy/testkit';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const MATERIAL = new Map([SITE_CERTIFICATE, LOCAL_CERTIFICATE].map((certificate) => [certificate.id, certificate]));

async function startTlsEdge(origin: Origin, limits = {}, proxyProtocol: readonly string[] = []) {
  const snapshot = snapshotOf({
    listeners: [listenerOf({ protocol: 'https', proxyProtocol })],
    routes: { 'a.test': origin, '*.wild.test': origin, 'b.test': origin },
    certificates: [SITE_CERTIFICATE, LOCAL_CERTIFICATE],
    limits,
  });
  const edge = await startEdge(snapshotOf({ listeners: [] }));
  await edge.apply(snapshot, MATERIAL);
  return edge;
}

async function subjectFor(port: number, servername?: string): Promise<string> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

describe('https', () => {
  test('requests over TLS are forwarded, on one connection', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.head.raw }));
    await using edge = await startTlsEdge(origin);
    using client = await RawClient.connect({
      port: edge.port('https'),
      tls: { servername: 'a.test', ca: SITE_CERTIFICATE.certificatePem, ALPNProtocols: ['http/1.1'] },
    });
    for (let count = 0; count < 2; count++) {
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toMatch(/x-forwarded-proto: https\r\n/);
    }
    expect(origin.connections).toHaveLength(1);
  });

  test('the name chooses the certificate; without a name it is the local one', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge(origin);
    expect(await subjectFor(edge.port('https'), 'A.test')).toBe('a.test');
    expect(await subjectFor(edge.port('https'), 'x.wild.test')).toBe('a.test');
    expect(await subjectFor(edge.port('https'))).toBe('localhost');
  });

  test('a name that nobody has, or that has no certificate, is told so', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge(origin, { leafWaitMs: 1 });
    for (const name of ['nobody.test', 'b.test']) {
      await expect(subjectFor(edge.port('https'), name)).rejects.toThrow(/unrecognized name/i);
    }
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('plain HTTP on the TLS port is told so', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge(origin);
    using client = await edge.connect('https');
    await client.write(getRequest());
    expect((await client.readResponse()).status).toBe(400);
    expect(await client.ended).toBe('end');
  });

  test('a client that goes in the handshake, or right after it, holds nothing', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge(origin, { tlsHandshakeMs: 60_000, keepAliveMs: 60_000 });
    // It does not trust the certificate: it has seen it, and leaves.
    const distrustful = connect({ port: edge.port('https'), host: '127.0.0.1', servername: 'a.test' });
    await once(distrustful, 'error');
    for (let count = 0; count < 3; count++) await subjectFor(edge.port('https'), 'a.test');
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('a client that sends its request with the end of the handshake, and its own end with it, is answered', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge(origin);
    const port = edge.port('https');
    const options = { port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false, allowHalfOpen: true };
    for (let count = 0; count < 3; count++) {
      const socket = connect(options);
      socket.end(getRequest());
      using client = RawClient.over(socket);
      expect((await client.readResponse()).status).toBe(200);
    }
  });

  test('a client that does not complete the handshake is cut', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge(origin, { tlsHandshakeMs: 50 });
    using silent = await edge.connect('https');
    using halfway = await edge.connect('https');
    await halfway.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
    await silent.ended;
    await halfway.ended;
    await eventually(() => edge.plane.stats().connections === 0);
  });

  test('a large response arrives whole', async () => {
    const body = Buffer.alloc(3_000_000, 'x');
    await using origin = await Origin.start((exchange) => exchange.respond({ body }));
    await using edge = await startTlsEdge(origin);
    using client = await RawClient.connect({
      port: edge.port('https'),
      tls: { servername: 'a.test', rejectUnauthorized: false },
    });
    await client.write(getRequest());
    expect((await client.readResponse()).body.length).toBe(body.length);
  });

  test('a client that does not read makes the backend wait, and is cut', async () => {
    const pieceBytes = 65_536;
    const muchBytes = 200_000_000;
    let sentBytes = 0;
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${muchBytes}\r\n\r\n`);
      while (sentBytes < muchBytes && (await exchange.write(Buffer.alloc(pieceBytes)))) sentBytes += pieceBytes;
    });
    await using edge = await startTlsEdge(origin, { writeStallMs: 300 });
    const client = await RawClient.connect({
      port: edge.port('https'),
      tls: { servername: 'a.test', rejectUnauthorized: false },
    });
    client.socket.pause();
    await client.write(getRequest());
    await eventually(() => edge.plane.stats().errors['client-stalled'] === 1);
    await eventually(() => edge.plane.stats().connections === 0 && origin.openConnections === 0);
    // What the kernels on both ways hold.
    expect(sentBytes).toBeLessThan(50_000_000);
    client.close();
  });

  test('a client that reads slowly gets everything', async () => {
    const body = Buffer.alloc(20_000_000, 'x');
    await using origin = await Origin.start((exchange) => exchange.respond({ body }));
    await using edge = await startTlsEdge(origin);
    using client = await RawClient.connect({
      port: edge.port('https'),
      tls: { servername: 'a.test', rejectUnauthorized: false },
    });
    client.socket.pause();
    await client.write(getRequest());
    // Everything is full and stands still.
    let before = -1;
    await eventually(
      () => {
        const { bytesOut } = edge.plane.stats();
        const isStill = bytesOut === before && bytesOut > 0;
        before = bytesOut;
        return isStill;
      },
      { everyMs: 50 },
    );
    expect(before).toBeLessThan(body.length);
    client.socket.resume();
    expect((await client.readResponse()).body.length).toBe(body.length);
  });

  test('what waits for a client is as much as bufferBytes says', async () => {
    const body = Buffer.alloc(16_000_000, 'x');
    await using origin = await Origin.start((exchange) => exchange.respond({ body }));
    await using edge = await startTlsEdge(origin, { bufferBytes: 20_000_000 });
    using client = await RawClient.connect({
      port: edge.port('https'),
      tls: { servername: 'a.test', rejectUnauthorized: false },
    });
    client.socket.pause();
    await client.write(getRequest());
    await eventually(() => edge.plane.stats().bytesOut > body.length);
    client.socket.resume();
    expect((await client.readResponse({ keepBytes: 0 })).body.length).toBe(body.length);
  });

  test('a PROXY protocol header comes before TLS, in one piece with it or byte by byte', async () => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.head.raw }));
    await using edge = await startTlsEdge(origin, {}, ['127.0.0.0/8']);
    const header = Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 12345 443\r\n');
    for (const pieces of [[header], Array.from(header, (byte) => Buffer.from([byte]))]) {
      const raw = connectTcp({ port: edge.port('https'), host: '127.0.0.1', noDelay: true });
      for (const piece of pieces) await new Promise((resolve) => raw.write(piece, resolve));
      const socket = connect({ socket: raw, servername: 'a.test', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      using client = RawClient.over(socket);
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toMatch(/x-real-ip: 192\.0\.2\.7\r\n/);
    }
    using plain = await RawClient.connect({ port: edge.port('https') });
    await plain.write(getRequest());
    await plain.ended;
    await eventually(() => edge.plane.stats().errors['proxy-header-invalid'] === 1);
  });

  test('an https backend is verified unless told not to', async () => {
    const server = createServer({ key: SITE_CERTIFICATE.keyPem, cert: SITE_CERTIFICATE.certificatePem }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using edge = await startEdge({
      routes: {
        'strict.test': { port, protocol: 'https' },
        'lax.test': { port, protocol: 'https', tlsVerify: false, id: 'lax' },
      },
    });
    using client = await edge.connect();
    await client.write(getRequest('strict.test'));
    expect((await client.readResponse()).status).toBe(502);
    for (let count = 0; count < 2; count++) {
      await client.write(getRequest('lax.test'));
      expect((await client.readResponse()).status).toBe(200);
    }
    expect(edge.plane.stats().upstreamConnections).toBe(2);
    expect(edge.plane.stats().errors['upstream-tls']).toBe(1);
    server.close();
  });
});
