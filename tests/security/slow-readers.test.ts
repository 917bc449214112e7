import { eventually, Origin, upgradeEcho } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

/** More than all kernel buffers between two ends together. */
const MUCH = 200_000_000;
/** What those buffers may take, at the most, beside the proxy's own. */
const BOUND = 50_000_000;
const PIECE = Buffer.alloc(65_536, 'x');

/** Four bytes that are nowhere else, again and again: whatever is lost, doubled or mixed up shows. */
function numbered(first: number): Buffer {
  const bytes = Buffer.alloc(8_000_000);
  for (let at = 0; at < bytes.byteLength; at += 4) bytes.writeUInt32LE(first + at, at);
  return bytes;
}

describe.each(PATHS)('row 27 on the %s path: who does not read', (path) => {
  it.concurrent.each([
    ['a length', `HTTP/1.1 200 OK\r\nContent-Length: ${MUCH}\r\n\r\n`, ''],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '10000\r\n'],
    ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\n', ''],
  ])('makes the backend wait, and is cut: a response with %s', async (_name, head, prefix) => {
    let sent = 0;
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write(head);
      const piece = prefix === '' ? PIECE : Buffer.concat([Buffer.from(prefix), PIECE, Buffer.from('\r\n')]);
      while (sent < MUCH && (await exchange.write(piece))) sent += piece.byteLength;
    });
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      limits: { writeStallMs: 500 },
    });
    const client = await edge.connect();
    client.socket.pause();
    await client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await eventually(() => origin.requests.length === 1);
    await eventually(() => edge.plane.stats().connections === 0 && origin.openConnections === 0);
    expect(sent).toBeLessThan(BOUND);
    expect(edge.plane.stats().errors['client-stalled']).toBeGreaterThan(0);
    client.close();
  });

  it('makes the client wait when it is the backend', async () => {
    await using origin = await Origin.start({ onConnection: (socket) => void socket.pause() });
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin, timeouts: { connectMs: 0, responseMs: 1_000, idleMs: 0 } }],
    });
    using client = await edge.connect();
    await client.write(`POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${MUCH}\r\n\r\n`);
    const upload = async () => {
      for (let sent = 0; sent < MUCH && !client.isEnded; sent += PIECE.byteLength) {
        if (!(await client.write(PIECE))) return;
      }
    };
    void upload();
    expect((await client.readResponse()).status).toBe(504);
    expect(edge.plane.stats().bytesIn).toBeLessThan(BOUND);
  });

  it('makes the other end of a tunnel wait', async () => {
    let sent = 0;
    await using origin = await Origin.start(async (exchange) => {
      await upgradeEcho()(exchange);
      while (sent < MUCH && (await exchange.write(PIECE))) sent += PIECE.byteLength;
    });
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      limits: { tunnelIdleMs: 500 },
    });
    const client = await edge.connect();
    await client.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect((await client.readHead()).status).toBe(101);
    client.socket.pause();
    await eventually(() => edge.plane.stats().tunnels === 0 && origin.openConnections === 0);
    expect(sent).toBeLessThan(BOUND);
    client.close();
  });

  it('gets its own bytes in the end, unmixed, however long it pauses', async () => {
    const bodies = [numbered(0), numbered(1 << 24)];
    await using origin = await Origin.start(async (exchange) => {
      await exchange.respond({ body: exchange.target === '/a' ? (bodies[0] ?? '') : (bodies[1] ?? '') });
    });
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using slow = await edge.connect();
    slow.socket.pause();
    await slow.write('GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n');
    await eventually(() => edge.plane.stats().bytesOut > 500_000);
    // Others are served meanwhile, also over connections that the slow one has used.
    for (let count = 0; count < 3; count++) {
      using other = await edge.connect();
      await other.write('GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n');
      expect((await other.readResponse({ keepBytes: 9_000_000 })).body.bytes.equals(bodies[1] as Buffer)).toBe(true);
      const before = slow.unread.byteLength;
      slow.socket.resume();
      await eventually(() => slow.unread.byteLength > before, { everyMs: 1 });
      slow.socket.pause();
    }
    slow.socket.resume();
    expect((await slow.readResponse({ keepBytes: 9_000_000 })).body.bytes.equals(bodies[0] as Buffer)).toBe(true);
  });
});
