import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { collectLog, eventually, get, listenerOf, Origin, snapshotOf } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';
import { startEdge } from './edge.ts';

const GARBAGE: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['a record of another kind', Buffer.from([0x17, 3, 3, 0, 5, 1, 2, 3, 4, 5])],
  ['an SSL 2 hello', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10])],
  ['a hello of length 0', Buffer.from([0x16, 3, 1, 0, 0])],
  ['a hello that promises 64 KiB', Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 0, 0xff, 0xfb])],
  ['a hello of nothing but 0xff', Buffer.concat([Buffer.from([0x16, 3, 1, 1, 0]), Buffer.alloc(256, 0xff)])],
  ['an alert', Buffer.from([0x15, 3, 1, 0, 2, 2, 80])],
  ['NULs', Buffer.alloc(1_000)],
  ['a megabyte behind a first byte that fits', Buffer.concat([Buffer.from([0x16]), Buffer.alloc(1_000_000, 'x')])],
  ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')],
];

describe('what is no TLS on the HTTPS listener', () => {
  const start = async () => {
    const origin = await Origin.start();
    const log = collectLog();
    const edge = await startEdge({ routes: [], log });
    await edge.plane.apply(
      snapshotOf({
        routes: { 'a.test': origin },
        listeners: [listenerOf({ protocol: 'https' })],
        certificates: [SITE_CERTIFICATE],
        limits: { tlsHandshakeMs: 200, lingerMs: 100, keepAliveMs: 200 },
        version: 2,
      }),
      new Map([[SITE_CERTIFICATE.id, SITE_CERTIFICATE]]),
    );
    return { origin, edge, log, port: edge.port('https') };
  };

  it.each(GARBAGE)('ends its own connection and nothing else: %s', async (_name, bytes) => {
    const { origin, edge, log, port } = await start();
    for (const how of ['wait', 'end', 'reset'] as const) {
      const socket = connectTcp({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
      socket.write(bytes, () => {
        if (how === 'end') socket.end();
        else if (how === 'reset') socket.resetAndDestroy();
      });
      await closed;
    }
    await eventually(() => edge.plane.stats().connections === 0);
    const tls = { ca: SITE_CERTIFICATE.certificatePem, servername: 'a.test' };
    expect((await get({ port, name: 'a.test', tls })).body.text).toBe('origin');
    expect(log.messages('error')).toEqual([]);
    await edge.plane.close();
    await origin.close();
  });

  it.each(['__proto__', 'constructor', 'x'.repeat(63), `${'a.'.repeat(120)}test`, 'b.test', 'a.test.evil'])(
    'and a name that nobody routes has no certificate: %s',
    async (servername) => {
      const { origin, edge, port } = await start();
      const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
      const error = await new Promise<Error | undefined>((resolve) => {
        socket.once('error', resolve);
        socket.once('secureConnect', () => resolve(undefined));
      });
      expect(error?.message).toMatch(/unrecognized.name|ECONNRESET|disconnected/i);
      await edge.plane.close();
      await origin.close();
    },
  );
});
