import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { CertificateMaterial, CertificateRef, Challenge } from '@dproxy/core';
import { collectLog, eventually, Origin, within } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { LOCAL_CERTIFICATE, SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';
import { helloOf, recordsOf } from '../../packages/proxy/src/tls/_hello.ts';
import { allGone, startTlsEdge, visit } from './tls-edge.ts';

const ALERT = { decodeError: 50, missingExtension: 109, unrecognizedName: 112, noApplicationProtocol: 120 } as const;

/** What the server sends for these pieces, each of them in a segment of its own, until it ends the connection. */
async function answerTo(port: number, pieces: readonly Buffer[]): Promise<Buffer> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  const received: Buffer[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => received.push(bytes));
  for (const piece of pieces) socket.write(piece);
  await within(once(socket, 'close'), 'the end of the connection');
  return Buffer.concat(received);
}

const fatal = (code: number): Buffer => Buffer.from([0x15, 3, 3, 0, 2, 2, code]);

function helloFor(name: string): Buffer {
  const entry = Buffer.from([0, 0, name.length, ...Buffer.from(name)]);
  return recordsOf(helloOf({ extensions: [[0, Buffer.from([0, entry.length, ...entry])]] }));
}

async function certificateFor(port: number, servername: string | undefined, ALPNProtocols: string[] = []) {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
    ...(ALPNProtocols.length === 0 ? {} : { ALPNProtocols }),
  });
  const received: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => received.push(bytes));
  await once(socket, 'secureConnect');
  const subject = socket.getPeerCertificate().subject.CN;
  return { socket, subject, received };
}

describe('the name that a client asks for', () => {
  it('gets an alert at once when nobody has it, and nothing of a certificate', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    for (const name of ['nobody.test', 'a.test:443', 'a..test', '*.wild.test', 'wild.test', 'a.test\0', '127.0.0.1']) {
      expect(await answerTo(edge.port, [helloFor(name)])).toEqual(fatal(ALERT.unrecognizedName));
    }
    await allGone(edge.plane);
    expect(edge.plane.stats().errors).toEqual({ 'tls-handshake-failed': 7 });
  });

  it('is found whatever its case is, and with a dot behind it', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    for (const name of ['A.Test', 'a.test.']) {
      expect((await visit(edge.port, name, { host: 'a.test' })).status).toBe(200);
    }
  });

  it('is read from a hello in segments of one byte and records of 50', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const hello = helloFor('nobody.test');
    const inRecords = recordsOf(hello.subarray(5), Array<number>(60).fill(50));
    const inBytes = Array.from(inRecords, (byte) => Buffer.from([byte]));
    expect(await answerTo(edge.port, inBytes)).toEqual(fatal(ALERT.unrecognizedName));
  });

  it('is in a malformed hello: the client is told', async () => {
    await using origin = await Origin.start();
    const log = collectLog();
    await using edge = await startTlsEdge({ origin, log });
    expect(await answerTo(edge.port, [helloFor('')])).toEqual(fatal(ALERT.decodeError));
    expect(log.messages('error')).toEqual([]);
    await allGone(edge.plane);
  });

  it('is missing, and there is no certificate for that', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, certificates: [] });
    expect(await answerTo(edge.port, [recordsOf(helloOf({}))])).toEqual(fatal(ALERT.missingExtension));
  });

  it('is never said to the end: the handshake ends in time', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, limits: { tlsHandshakeMs: 50 } });
    const hello = helloFor('a.test');
    expect(await answerTo(edge.port, [hello.subarray(0, -1)])).toHaveLength(0);
    await allGone(edge.plane);
  });
});

describe('certificates', () => {
  const named = (kind: CertificateRef['kind'], material: typeof SITE_CERTIFICATE, names: string[]) => ({
    ...material,
    names,
    kind,
  });

  it('of files come before those of an authority, and these before the local ones', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const subjectFor = async (name: string): Promise<unknown> => {
      const { socket, subject } = await certificateFor(edge.port, name);
      socket.destroy();
      return subject;
    };
    const [site, other] = [SITE_CERTIFICATE, LOCAL_CERTIFICATE];
    const orders = [
      ['file', 'acme'],
      ['acme', 'local'],
    ] as const;
    for (const [better, worse] of orders) {
      const certificates = [named(better, site, ['a.test']), named(worse, other, ['a.test'])];
      await edge.apply({ certificates });
      expect(await subjectFor('a.test')).toBe('a.test');
      await edge.apply({ certificates: certificates.toReversed() });
      expect(await subjectFor('a.test')).toBe('a.test');
    }
    // A wildcard that clients trust comes before the local CA's for the very name.
    const certificates = [named('local', other, ['x.wild.test']), named('acme', site, ['*.wild.test'])];
    await edge.apply({ certificates });
    expect(await subjectFor('x.wild.test')).toBe('a.test');
  });

  it('that cannot be used harm only their own names, and another one steps in', async () => {
    await using origin = await Origin.start();
    const log = collectLog();
    await using edge = await startTlsEdge({
      origin,
      log,
      routes: { 'a.test': origin, 'b.test': origin, 'c.test': origin },
    });
    const bad = (id: string, names: string[]): CertificateRef & CertificateMaterial => ({
      id,
      names,
      kind: 'file',
      certificatePem: 'no certificate',
      keyPem: SITE_CERTIFICATE.keyPem,
    });
    const certificates = [
      named('acme', SITE_CERTIFICATE, ['a.test', 'c.test']),
      bad('bad-b', ['b.test']),
      bad('bad-c', ['c.test']),
    ];
    await edge.apply({ certificates }, new Map(certificates.map((certificate) => [certificate.id, certificate])));
    expect((await visit(edge.port, 'a.test')).status).toBe(200);
    expect((await visit(edge.port, 'c.test')).status).toBe(200);
    for (let count = 0; count < 3; count++) {
      expect(await visit(edge.port, 'b.test')).toMatchObject({
        status: 0,
        problem: expect.stringMatching(/unrecognized.name/),
      });
    }
    expect(log.messages('error')).toEqual(Array(2).fill('this certificate cannot be used'));
  });
});

describe('a validation over tls-alpn-01', () => {
  const challenge = (host: string): Challenge => ({
    id: `tls-alpn-01:${host}`,
    type: 'tls-alpn-01',
    host,
    certificateId: LOCAL_CERTIFICATE.id,
  });
  const challenges = [challenge('new.test'), challenge('1.2.0.192.in-addr.arpa')];

  it('gets its certificate, also for names that nobody routes, and the end of the connection', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, challenges });
    for (const { host } of challenges) {
      const { socket, subject, received } = await certificateFor(edge.port, host, ['acme-tls/1']);
      expect(subject).toBe('localhost');
      expect(socket.alpnProtocol).toBe('acme-tls/1');
      socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      await within(once(socket, 'close'), 'the end of the connection');
      expect(received).toEqual([]);
    }
    expect(origin.requests).toEqual([]);
    await allGone(edge.plane);
  });

  it('gets an alert where there is no challenge', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, challenges });
    for (const name of ['a.test', 'other.test']) {
      await expect(certificateFor(edge.port, name, ['acme-tls/1'])).rejects.toThrow(/no application protocol/i);
    }
    await allGone(edge.plane);
  });

  it('leaves ordinary clients of the same name alone', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, challenges: [challenge('a.test')] });
    for (const protocols of [[], ['http/1.1'], ['http/1.1', 'acme-tls/1']]) {
      const { socket, subject } = await certificateFor(edge.port, 'a.test', protocols);
      expect(subject).toBe('a.test');
      expect(socket.alpnProtocol).not.toBe('acme-tls/1');
      socket.destroy();
    }
    await eventually(() => edge.plane.stats().connections === 0);
  });
});
