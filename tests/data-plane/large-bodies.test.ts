import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MemoryGrowth, Origin } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { startWorker } from './edge.ts';

const isLong = process.env['DPROXY_TEST_LONG'] === '1';
const BYTES = (isLong ? 1_024 : 256) * 1_048_576;
const PIECE = Buffer.alloc(262_144, 'x');
/** Client, proxy and backend share this process; a body that was kept anywhere would take `BYTES`. */
const MAX_GROWTH = 128 * 1_048_576;

it(`a body of ${BYTES / 1_048_576} MiB passes there and back at once, at constant memory`, async () => {
  await using origin = await Origin.start({ onConnection: (socket) => echoBody(socket, Buffer.alloc(0)) });
  await using worker = await startWorker({ routes: { 'a.test': origin } }, { index: 0, count: 1, port: 0 });
  const socket = connect(worker.port, '127.0.0.1');
  const memory = new MemoryGrowth();
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.byteLength;
    memory.passed(bytes.byteLength);
  });
  socket.write(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${BYTES}\r\n\r\n`);
  for (let sent = 0; sent < BYTES; sent += PIECE.byteLength) {
    // One after another is what waiting for the reader means.
    if (!socket.write(PIECE)) await once(socket, 'drain');
  }
  await once(socket, 'close');
  expect(received).toBeGreaterThan(BYTES);
  expect(memory.peak()).toBeLessThan(MAX_GROWTH);
});

/** Answers as soon as the head is there, and gives the body back as it comes. */
function echoBody(socket: Socket, before: Buffer): void {
  socket.once('data', (bytes: Buffer) => {
    const read = Buffer.concat([before, bytes]);
    const headEnd = read.indexOf('\r\n\r\n');
    if (headEnd === -1) {
      echoBody(socket, read);
      return;
    }
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`);
    socket.write(read.subarray(headEnd + 4));
    socket.pipe(socket);
  });
}
