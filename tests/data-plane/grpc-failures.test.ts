import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually, freePort, Origin } from '@dproxy/testkit';
import { GrpcOrigin, type ServerDuplexStream, type ServerUnaryCall, status } from '@dproxy/testkit/grpc';
import { startGrpcEdge } from './grpc-edge.ts';

describe('a gRPC call that fails', () => {
  it('by the deadline of its client is cancelled at the backend', async () => {
    const calls: ServerUnaryCall<Buffer, Buffer>[] = [];
    await using origin = await GrpcOrigin.start({ unary: (call) => void calls.push(call) });
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    await expect(client.unary('?', { deadlineMs: 300 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(calls[0]?.metadata.get('grpc-timeout')).toEqual([]);
    await eventually(() => calls[0]?.cancelled === true);
  });

  it('because its client cancels it is cancelled at the backend, in the middle of a stream', async () => {
    const calls: ServerDuplexStream<Buffer, Buffer>[] = [];
    await using origin = await GrpcOrigin.start({
      chat: (call) => {
        calls.push(call);
        call.on('error', () => undefined);
        call.write(Buffer.from('first'));
      },
    });
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    const chat = client.chat();
    chat.write(Buffer.from('x'));
    await once(chat, 'data');
    const over = once(chat, 'error');
    chat.cancel();
    expect((await over)[0]).toMatchObject({ code: status.CANCELLED });
    await eventually(() => calls[0]?.cancelled === true);
    expect(String((await client.unary('still there')).message)).toBe('still there');
    expect(edge.plane.stats().upstreamConnections).toBe(1);
  });

  it('because nobody is there is UNAVAILABLE, with our sentence', async () => {
    await using edge = await startGrpcEdge({ port: await freePort() });
    using client = edge.client();
    await expect(client.unary('?')).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: 'The site cannot be reached.',
    });
  });

  it('because the backend is silent is DEADLINE_EXCEEDED', async () => {
    await using origin = await GrpcOrigin.start({ unary: () => undefined });
    await using edge = await startGrpcEdge(origin, { limits: { upstreamResponseMs: 50 } });
    using client = edge.client();
    await expect(client.unary('?')).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('because no route takes it is UNIMPLEMENTED', async () => {
    await using origin = await GrpcOrigin.start();
    await using edge = await startGrpcEdge(origin, { route: { path: '/elsewhere' } });
    using client = edge.client();
    await expect(client.unary('?')).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it('because the backend breaks off in the middle is told so, and never looks complete', async () => {
    const origin = await GrpcOrigin.start({
      chat: (call) => {
        call.on('error', () => undefined);
        call.write(Buffer.from('first'));
      },
    });
    await using _origin = origin;
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    const chat = client.chat();
    chat.write(Buffer.from('x'));
    await once(chat, 'data');
    const over = once(chat, 'error');
    origin.close();
    const [error] = (await over) as [{ code: number }];
    expect([status.INTERNAL, status.UNAVAILABLE, status.CANCELLED, status.UNKNOWN]).toContain(error.code);
  });

  it('has not begun at a replica that has gone: another one takes it', async () => {
    const one = await GrpcOrigin.start();
    await using _one = one;
    await using two = await GrpcOrigin.start();
    await using edge = await startGrpcEdge([
      { port: one.port, id: 'one' },
      { port: two.port, id: 'two' },
    ]);
    using client = edge.client();
    for (let count = 0; count < 4; count++) await client.unary('warm');
    expect([one.calls.length, two.calls.length]).toEqual([2, 2]);
    one.close();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.unary('again')));
    expect(answers).toHaveLength(20);
    expect(two.calls).toHaveLength(22);
  });

  it('is followed by others when the backend is there again', async () => {
    const first = await GrpcOrigin.start();
    const { port } = first;
    await using edge = await startGrpcEdge({ port });
    using client = edge.client();
    await client.unary('before');
    first.close();
    await eventually(async () => (await client.unary('gone').catch((error) => error.code)) === status.UNAVAILABLE);
    await using again = await GrpcOrigin.start({ port });
    expect(String((await client.unary('after')).message)).toBe('after');
    expect(again.calls).toHaveLength(1);
  });

  it('at a backend that speaks HTTP/1.1 only says so', async () => {
    await using origin = await Origin.start();
    await using edge = await startGrpcEdge({ port: origin.port });
    using client = edge.client();
    await expect(client.unary('?')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    // The preface of HTTP/2 is all that it saw.
    expect(origin.requests.filter(({ target }) => target.includes('Echo'))).toEqual([]);
  });
});
