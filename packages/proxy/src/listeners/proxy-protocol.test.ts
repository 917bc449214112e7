import { describe, expect, test } from 'vitest';
import { eventually, listenerOf, Origin } from '@dproxy/testkit';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { parseProxyHeader } from './proxy-header.ts';

const V2 = Buffer.concat([
  Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
  Buffer.from([192, 0, 2, 7, 192, 0, 2, 1, 0x30, 0x39, 0x00, 0x50]),
]);

async function startProxyEdge(origin: Origin, { proxyProtocol = ['127.0.0.0/8'], proxyHeaderMs = 60_000 } = {}) {
  return startEdge({
    routes: { 'a.test': origin },
    listeners: [listenerOf({ proxyProtocol })],
    limits: { proxyHeaderMs },
  });
}

describe('PROXY protocol', () => {
  test.each([
    ['version 1', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 12345 80\r\n')],
    ['version 2', V2],
  ])('%s says who the client is, in any number of pieces', async (_name, header) => {
    await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.head.raw }));
    await using edge = await startProxyEdge(origin);
    for (const pieces of [[header], Array.from(header, (byte) => Buffer.from([byte]))]) {
      using client = await edge.connect();
      for (const piece of pieces) await client.write(piece);
      await client.write(getRequest());
      expect((await client.readResponse()).body.text).toMatch(/x-real-ip: 192\.0\.2\.7\r\n/);
      await client.write(getRequest());
      expect((await client.readResponse()).status).toBe(200);
    }
  });

  test('a header and a request in one write are both read', async () => {
    await using origin = await Origin.start();
    await using edge = await startProxyEdge(origin);
    using client = await edge.connect();
    await client.write(`PROXY UNKNOWN\r\n${getRequest()}`);
    expect((await client.readResponse()).status).toBe(200);
  });

  test('who must send one and does not is cut, also by a reset within it and by silence', async () => {
    await using origin = await Origin.start();
    await using edge = await startProxyEdge(origin, { proxyHeaderMs: 50 });
    using plain = await edge.connect();
    await plain.write(getRequest());
    await plain.ended;
    using broken = await edge.connect();
    await broken.write('PROXY TCP4 192.0');
    broken.reset();
    using silent = await edge.connect();
    await silent.ended;
    await eventually(() => edge.plane.stats().connections === 0);
    expect(origin.requests).toHaveLength(0);
  });

  test('from anybody else it is no header', async () => {
    await using origin = await Origin.start();
    await using edge = await startProxyEdge(origin, { proxyProtocol: ['192.0.2.0/24'] });
    using client = await edge.connect();
    await client.write(V2);
    expect((await client.readResponse()).status).toBe(400);
  });
});

describe('parseProxyHeader', () => {
  test.each([
    'PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n',
    'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n',
    `PROXY ${'x'.repeat(200)}`,
    'GET / HTTP/1.1\r\n',
  ])('refuses %j', (text) => {
    expect(() => parseProxyHeader(Buffer.from(text))).toThrow(/proxy-header-invalid/);
  });

  test('a version 2 header for a family that is no TCP, or too long, is refused; LOCAL counts as nobody', () => {
    const local = Buffer.from(V2);
    local[12] = 0x20;
    expect(parseProxyHeader(local)).toEqual({ endpoints: undefined, byteLength: 28 });
    const udp = Buffer.from(V2);
    udp[13] = 0x12;
    expect(() => parseProxyHeader(udp)).toThrow(/no TCP/);
    const long = Buffer.from(V2);
    long.writeUInt16BE(60_000, 14);
    expect(() => parseProxyHeader(long)).toThrow(/too long/);
  });

  test('IPv6 addresses of version 2', () => {
    const header = Buffer.alloc(16 + 36);
    V2.copy(header, 0, 0, 12);
    header.writeUInt8(0x21, 12);
    header.writeUInt8(0x21, 13);
    header.writeUInt16BE(36, 14);
    header[31] = 1;
    header[47] = 2;
    header.set([1, 2, 1, 187], 48);
    expect(parseProxyHeader(header)?.endpoints).toEqual({
      remoteAddress: '0:0:0:0:0:0:0:1',
      remotePort: 258,
      localAddress: '0:0:0:0:0:0:0:2',
      localPort: 443,
    });
  });
});
