import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { MemorySocket } from './memory-socket.ts';

const facts = { remoteAddress: '192.0.2.1', remotePort: 1, encrypted: false };

it('carries bytes and ends both ways, one direction after the other', async () => {
  const [one, other] = MemorySocket.pair(facts);
  const got: string[] = [];
  one.on('data', (bytes: Buffer) => got.push(bytes.toString()));
  other.on('data', (bytes: Buffer) => got.push(bytes.toString()));
  one.end('ping');
  await once(other, 'end');
  other.end('pong');
  await once(one, 'end');
  expect(got).toEqual(['ping', 'pong']);
  await Promise.all([finished(one), finished(other)]);
  expect([one.destroyed, other.destroyed]).toEqual([true, true]);
});

it('has its own copy of what was written, whatever the writer does with the memory afterwards', async () => {
  const [one, other] = MemorySocket.pair(facts);
  const memory = Buffer.from('mine');
  await new Promise((resolve) => one.write(memory, resolve));
  memory.write('next');
  expect(String(other.read())).toBe('mine');
});

it('makes the writer wait while nobody reads', async () => {
  const [one, other] = MemorySocket.pair(facts);
  let written = 0;
  while (one.write(Buffer.alloc(16_384))) written += 16_384;
  expect(written).toBeLessThan(1_048_576);
  const drained = once(one, 'drain');
  other.resume();
  await drained;
});

it('takes the other end with it when it is destroyed without an end, and no error is left without a listener', async () => {
  const [one, other] = MemorySocket.pair(facts);
  const closed = once(other, 'close');
  one.destroy();
  await closed;
  expect(other.readableEnded).toBe(false);
  expect(other.readableAborted).toBe(true);
});

it('delivers what was written before a polite end', async () => {
  const [one, other] = MemorySocket.pair(facts);
  const bytes = Buffer.alloc(300_000, 'x');
  one.write(bytes);
  one.destroySoon();
  expect(Buffer.concat(await other.toArray()).byteLength).toBe(bytes.byteLength);
});

it('does not hold a writer whose reader went away', async () => {
  const [one, other] = MemorySocket.pair(facts);
  while (one.write(Buffer.alloc(16_384)));
  other.destroy();
  await once(one, 'close');
  expect(one.writableLength).toBeGreaterThanOrEqual(0);
});
