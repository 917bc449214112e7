import { connect } from 'node:net';
import { echo, type Echo, eventually, listenerOf, streamOf, Origin, type RawClient } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { startEdge } from './edge.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
const V1 = 'PROXY TCP4 203.0.113.9 203.0.113.1 40000 80\r\n';
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

/** A version 2 header, as latin1. */
function v2(command: number, family: number, body: readonly number[], length = body.length): string {
  return SIGNATURE + String.fromCharCode(command, family, length >> 8, length & 0xff, ...body);
}

const V4_BODY = [203, 0, 113, 9, 203, 0, 113, 1, 156, 64, 0, 80];
const V6_BODY = [
  ...Array.from({ length: 16 }, (_, at) => (at === 15 ? 9 : at === 0 ? 32 : at === 1 ? 1 : 0)),
  ...Array.from({ length: 16 }, () => 0),
  0,
  1,
  0,
  80,
];

const HOSTILE = [
  ['nothing of the kind', GET],
  ['the TLS of a client that is not behind the balancer', '\x16\x03\x01\x02\x00\x01'],
  ['small letters', V1.replace('PROXY', 'proxy')],
  ['an unknown family', V1.replace('TCP4', 'UDP4')],
  ['IPv6 under TCP4', V1.replace('203.0.113.9', '2001:db8::1')],
  ['IPv4 under TCP6', V1.replace('TCP4', 'TCP6')],
  ['octal numbers', V1.replace('203.0.113.9', '0203.0.113.9')],
  ['a number beyond 255', V1.replace('203.0.113.9', '203.0.113.256')],
  ['a port beyond 65535', V1.replace('40000', '65536')],
  ['a negative port', V1.replace('40000', '-1')],
  ['two spaces', V1.replace(' 203', '  203')],
  ['LF only', V1.replace('\r\n', '\n')],
  ['a NUL', V1.replace('203.0.113.9', '203.0.113.9\0')],
  ['fields more', V1.replace(' 80', ' 80 x')],
  ['108 bytes', `PROXY TCP4 ${'1'.repeat(100)}\r\n`],
  ['no end', `PROXY UNKNOWN ${'x'.repeat(200)}`],
  ['a version 2 with an unknown command', v2(0x22, 0x11, V4_BODY)],
  ['a version 3', v2(0x31, 0x11, V4_BODY)],
  ['a version 2 for UDP', v2(0x21, 0x12, V4_BODY)],
  [
    'a version 2 for a unix socket',
    v2(
      0x21,
      0x31,
      Array.from({ length: 216 }, () => 0),
    ),
  ],
  ['a version 2 that is too short for its family', v2(0x21, 0x21, V4_BODY)],
  ['a version 2 of 64 KiB', v2(0x21, 0x11, V4_BODY, 65_535)],
] as const;

const GOOD = [
  ['version 1', V1, '203.0.113.9'],
  ['version 1 for IPv6', 'PROXY TCP6 2001:db8::9 2001:db8::1 40000 80\r\n', '2001:db8::9'],
  ['version 1 unknown', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
  ['version 2', v2(0x21, 0x11, V4_BODY), '203.0.113.9'],
  ['version 2 with an extension', v2(0x21, 0x11, [...V4_BODY, 4, 0, 1, 0]), '203.0.113.9'],
  ['version 2 for IPv6', v2(0x21, 0x21, V6_BODY), '2001::9'],
  ['version 2 local', v2(0x20, 0x00, []), '127.0.0.1'],
] as const;

async function realIp(client: RawClient): Promise<string | undefined> {
  const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
  return seen.headers.find(([name]) => name === 'x-real-ip')?.[1];
}

describe('row 23: the PROXY protocol', () => {
  const listeners = [listenerOf({ proxyProtocol: ['127.0.0.1/32'] })];

  it.each(HOSTILE)('is required, not guessed: %s', async (_name, bytes) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ routes: [{ host: 'a.example', to: origin }], listeners });
    using client = await edge.connect();
    await client.write(bytes + GET);
    expect((await client.readToEnd()).toString()).toBe('');
    expect(origin.connections).toHaveLength(0);
    expect(edge.plane.stats().errors['proxy-header-invalid']).toBe(1);
  });

  it.each(GOOD)('says who the client is: %s', async (_name, header, expected) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ routes: [{ host: 'a.example', to: origin }], listeners });
    using whole = await edge.connect();
    await whole.write(header + GET);
    expect(await realIp(whole)).toBe(expected);
    using pieces = await edge.connect();
    for (const byte of header + GET) await pieces.write(byte);
    expect(await realIp(pieces)).toBe(expected);
  });

  it('is not taken from a client that is not listed, who must speak HTTP at once', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      routes: [{ host: 'a.example', to: origin }],
      listeners: [listenerOf({ proxyProtocol: ['192.0.2.1', '::1'] })],
    });
    for (const [, header] of GOOD) {
      using client = await edge.connect();
      await client.write(header + GET);
      expect((await client.readResponse()).status).toBe(400);
    }
    using plain = await edge.connect();
    await plain.write(GET);
    expect(await realIp(plain)).toBe('127.0.0.1');
  });

  it('does not make its sender trusted for what clients say in headers', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ routes: [{ host: 'a.example', to: origin }], listeners });
    using client = await edge.connect();
    await client.write(V1 + GET.replace('\r\n\r\n', '\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n'));
    expect(await realIp(client)).toBe('203.0.113.9');
  });

  it('survives a reset, an end and silence in the middle of a header (wildduck PR 1158)', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      routes: [{ host: 'a.example', to: origin }],
      listeners,
      limits: { proxyHeaderMs: 100 },
    });
    for (const header of ['', V1, v2(0x21, 0x11, V4_BODY)]) {
      for (let cut = 0; cut <= header.length; cut += 7) {
        const socket = connect({ port: edge.port(), host: '127.0.0.1' });
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.write(header.slice(0, cut) === '' ? 'P' : header.slice(0, cut), resolve));
        socket.resetAndDestroy();
      }
      const ended = await edge.connect();
      await ended.write(header.slice(0, 5));
      ended.halfClose();
      const silent = await edge.connect();
      await silent.write(header.slice(0, 5));
      await Promise.all([ended.ended, silent.ended]);
    }
    await eventually(() => edge.plane.stats().connections === 0);
    using client = await edge.connect();
    await client.write(V1 + GET);
    expect(await realIp(client)).toBe('203.0.113.9');
  });

  it('stands before TCP, too, and no byte behind it is lost', async () => {
    await using origin = await Origin.start({ onConnection: (socket) => void socket.pipe(socket) });
    const { port } = origin;
    const backend = {
      id: 'tcp',
      name: 'tcp',
      protocol: 'tcp' as const,
      address: '127.0.0.1',
      port,
      state: 'ready' as const,
      reason: '',
      tlsVerify: true,
      proxyProtocol: '' as const,
      containerId: '',
    };
    await using edge = await startEdge({
      routes: [],
      backends: [backend],
      listeners: [listenerOf({ id: 'tcp:1', protocol: 'tcp', proxyProtocol: ['127.0.0.1'] })],
      streams: [streamOf({ backendIds: ['tcp'] })],
    });
    using client = await edge.connect('tcp:1');
    await client.write(`${V1}hello`);
    await client.write(' there');
    expect((await client.readBytes(11)).toString()).toBe('hello there');
  });
});
