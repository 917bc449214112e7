import {
  eventually,
  FLAG,
  frame,
  FRAME,
  FrameClient,
  headerBlock,
  hold,
  MemoryGrowth,
  Origin,
  uint32,
} from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { GET_FIELDS, startHttp2Edge } from '../../packages/proxy/src/fixtures/http2-edge.ts';

const ENHANCE_YOUR_CALM = 11;
const CANCEL = uint32(8);
const REQUEST = headerBlock(GET_FIELDS);

function opened(streamId: number, flags: number = FLAG.endHeaders | FLAG.endStream): Buffer {
  return frame(FRAME.headers, flags, streamId, REQUEST);
}

/** Sends `batch(n)` again and again until the server has had enough. @returns batches that were sent */
async function flood(client: FrameClient, batch: (count: number) => Buffer, most: number): Promise<number> {
  for (let count = 0; count < most; count++) {
    if (client.goaway !== undefined || client.raw.isEnded) return count;
    if (!(await client.write(batch(count)))) return count;
  }
  await eventually(() => client.goaway !== undefined || client.raw.isEnded, { what: 'the end of a flood' });
  return most;
}

/** Ten at a time, so that what the server does about it is seen early. */
function tenOf(one: (index: number) => Buffer): (count: number) => Buffer {
  return (count) => Buffer.concat(Array.from({ length: 10 }, (_, index) => one(count * 10 + index)));
}

describe('a connection of HTTP/2 that makes work and no requests', () => {
  it('is closed when it takes back its requests (rapid reset, CVE-2023-44487), and their work is gone', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    const reset = (index: number) =>
      Buffer.concat([opened(2 * index + 1), frame(FRAME.reset, 0, 2 * index + 1, CANCEL)]);
    await flood(client, tenOf(reset), 200);
    expect(client.goaway).toBe(ENHANCE_YOUR_CALM);
    await eventually(() => origin.openConnections === 0);
    await eventually(() => edge.plane.stats().connections === 0);
    expect(edge.plane.stats().errors['too-many-glitches']).toBe(1);
  });

  it('is closed when it takes them back one by one, while the backend works on each', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin, { limits: { http2Glitches: 20, http2GlitchesPerSecond: 1 } });
    using client = await edge.frames();
    for (let index = 0; index < 40 && client.goaway === undefined; index++) {
      await client.write(opened(2 * index + 1));
      await eventually(() => held.waiting.length > index || client.goaway !== undefined);
      await client.write(frame(FRAME.reset, 0, 2 * index + 1, CANCEL));
    }
    await eventually(() => client.goaway === ENHANCE_YOUR_CALM);
    await eventually(() => origin.openConnections === 0);
  });

  it.each([
    ['a window that overflows', (id: number) => frame(FRAME.windowUpdate, 0, id, uint32(0x7f_ff_ff_ff))],
    ['a window that grows by nothing', (id: number) => frame(FRAME.windowUpdate, 0, id, uint32(0))],
    ['DATA behind its end', (id: number) => frame(FRAME.data, FLAG.endStream, id, Buffer.from('x'))],
    ['HEADERS behind its end', (id: number) => opened(id)],
  ])('is closed when it makes us reset its requests by %s (CVE-2025-8671)', async (_name, provoke) => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    await flood(
      client,
      tenOf((index) => Buffer.concat([opened(2 * index + 1), provoke(2 * index + 1)])),
      400,
    );
    await client.raw.ended;
    await eventually(() => origin.openConnections === 0);
  });

  it('is closed when it makes us reset its requests by more DATA than Content-Length says', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    const fields = [
      ...GET_FIELDS.map(([n, v]): [string, string] => [n, n === ':method' ? 'POST' : v]),
      ['content-length', '1'] as const,
    ];
    const block = headerBlock(fields);
    const overrun = (index: number) =>
      Buffer.concat([
        frame(FRAME.headers, FLAG.endHeaders, 2 * index + 1, block),
        frame(FRAME.data, 0, 2 * index + 1, Buffer.from('xx')),
      ]);
    await flood(client, tenOf(overrun), 400);
    await client.raw.ended;
    await eventually(() => origin.openConnections === 0);
  });

  it.each([
    ['PING', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', () => frame(FRAME.settings, 0, 0)],
  ])('is closed when it floods us with %s', async (_name, one) => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    await flood(client, tenOf(one), 200);
    expect(client.goaway).toBe(ENHANCE_YOUR_CALM);
    await client.raw.ended;
  });

  it('is closed at the first PING that is malformed', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    await client.write(frame(FRAME.ping, 0, 0, Buffer.alloc(7)));
    await client.raw.ended;
  });

  it('is closed when its header block never ends (CONTINUATION flood)', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    await client.write(frame(FRAME.headers, 0, 1, REQUEST));
    const more = frame(FRAME.continuation, 0, 1, headerBlock([['x-a', 'a'.repeat(1_000)]]));
    const sent = await flood(client, () => more, 1_000);
    expect(sent).toBeLessThan(1_000);
    expect(origin.requests).toHaveLength(0);
  });

  it('gets no more than its share of streams, and the others are served', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startHttp2Edge(origin, { limits: { http2Streams: 5 } });
    using client = await edge.frames();
    for (let index = 0; index < 20; index++) await client.write(opened(2 * index + 1));
    await eventually(() => client.resetOf(39) !== undefined || client.goaway !== undefined);
    expect(held.waiting.length).toBeLessThanOrEqual(5);
  });

  it.each([
    ['empty DATA', (): Buffer => frame(FRAME.data, 0, 1)],
    ['PRIORITY', (): Buffer => frame(FRAME.priority, 0, 3, Buffer.from([0, 0, 0, 1, 16]))],
    ['WINDOW_UPDATE', (): Buffer => frame(FRAME.windowUpdate, 0, 1, uint32(1))],
  ])('keeps nobody else from being served with a flood of %s', async (_name, one) => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    using attacker = await edge.frames();
    using client = await edge.http2();
    const fields = GET_FIELDS.map(([n, v]): [string, string] => [n, n === ':method' ? 'POST' : v]);
    await attacker.write(frame(FRAME.headers, FLAG.endHeaders, 1, headerBlock(fields)));
    const memory = new MemoryGrowth();
    for (let count = 0; count < 50 && !attacker.raw.isEnded; count++) {
      await attacker.write(...Array.from({ length: 500 }, one));
      expect((await client.request()).status).toBe(200);
    }
    expect(memory.peak()).toBeLessThan(64 * 1_048_576);
  });
});

describe('headers that are small on the wire and large in memory', () => {
  it('are refused when they are larger than any head (HPACK bomb)', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttp2Edge(origin);
    using client = await edge.frames();
    // One entry of 4,000 bytes in the dynamic table, then a reference of one byte each.
    const name = Buffer.from('x-bomb');
    const value = Buffer.alloc(3_000, 'b');
    const entry = Buffer.concat([
      Buffer.from([0x40, name.length]),
      name,
      Buffer.from([127, ((value.length - 127) & 127) | 128, (value.length - 127) >> 7]),
      value,
    ]);
    const memory = new MemoryGrowth();
    for (let index = 0; index < 100 && !client.raw.isEnded; index++) {
      const bomb = Buffer.concat([REQUEST, entry, Buffer.alloc(10_000, 0x80 | 62)]);
      await client.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 2 * index + 1, bomb));
    }
    await eventually(() => client.raw.isEnded || client.goaway !== undefined || client.resetOf(199) !== undefined);
    expect(origin.requests).toHaveLength(0);
    expect(memory.peak()).toBeLessThan(64 * 1_048_576);
  });
});
