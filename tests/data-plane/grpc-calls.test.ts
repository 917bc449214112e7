import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually } from '@dproxy/testkit';
import { GrpcOrigin, type Metadata, status } from '@dproxy/testkit/grpc';
import { SITE_CERTIFICATE } from '../../packages/proxy/src/fixtures/certificates.ts';
import { startGrpcEdge } from './grpc-edge.ts';

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('gRPC from end to end', () => {
  it('unary, upload, download and chat', async () => {
    await using origin = await GrpcOrigin.start();
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    expect((await client.unary('ping')).message.toString()).toBe('ping');
    expect((await client.upload(['a', 'b', 'c'])).message.toString()).toBe('abc');
    const parts: string[] = [];
    for await (const part of client.download('xyz')) parts.push(String(part));
    expect(parts).toEqual(['x', 'y', 'z']);
    const chat = client.chat();
    // Each answer before the next question: nothing waits for the end of either side.
    for (const word of ['one', 'two', 'three']) {
      chat.write(Buffer.from(word));
      expect(String((await once(chat, 'data'))[0])).toBe(word);
    }
    chat.end();
    await once(chat, 'end');
    expect(edge.plane.stats().upstreamConnections).toBe(1);
  });

  it('metadata passes in both directions, before and behind the messages', async () => {
    await using origin = await GrpcOrigin.start({
      unary: (call, answer) => {
        const headers = call.metadata.clone();
        headers.set('x-head', 'first');
        call.sendMetadata(headers);
        const trailers = call.metadata.clone();
        trailers.set('x-tail-bin', Buffer.from([0, 255, 10]));
        answer(null, Buffer.from('ok'), trailers);
      },
    });
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    const answer = await client.unary('?', { metadata: { 'x-mine': 'yes', authorization: 'Bearer secret' } });
    expect(origin.calls[0]?.get('x-mine')).toEqual(['yes']);
    expect(origin.calls[0]?.get('authorization')).toEqual(['Bearer secret']);
    expect(origin.calls[0]?.get('x-forwarded-proto')).toEqual(['https']);
    expect(answer.metadata.get('x-head')).toEqual(['first']);
    expect(answer.metadata.get('x-mine')).toEqual(['yes']);
    expect(answer.trailers.get('x-tail-bin')).toEqual([Buffer.from([0, 255, 10])]);
  });

  it('a status of the service arrives with its message and its metadata, also without any message', async () => {
    await using origin = await GrpcOrigin.start({
      unary: (call, answer) => {
        const metadata = call.metadata.clone();
        metadata.set('x-why', 'because');
        answer({ code: status.FAILED_PRECONDITION, details: 'nö: 100 %', metadata });
      },
      chat: (call) => {
        call.write(Buffer.from('one'));
        call.once('data', () => call.emit('error', { code: status.DATA_LOSS, details: 'lost' }));
      },
    });
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    const failed: { code?: number; details?: string; metadata?: Metadata } = await client.unary('?').catch((e) => e);
    expect([failed.code, failed.details]).toEqual([status.FAILED_PRECONDITION, 'nö: 100 %']);
    expect(failed.metadata?.get('x-why')).toEqual(['because']);
    const chat = client.chat();
    expect(String((await once(chat, 'data'))[0])).toBe('one');
    const over = once(chat, 'error');
    chat.write(Buffer.from('go'));
    expect((await over)[0]).toMatchObject({ code: status.DATA_LOSS, details: 'lost' });
  });

  it('messages of 4 MiB', async () => {
    await using origin = await GrpcOrigin.start();
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    const message = Buffer.alloc(4 * 1_048_576, 'abcdefg');
    expect(sha256((await client.unary(message)).message)).toBe(sha256(message));
    const parts = Array.from({ length: 8 }, () => message.subarray(0, 1_000_000));
    expect((await client.upload(parts)).message.length).toBe(8_000_000);
  });

  it('200 calls at a time need few sessions', async () => {
    await using origin = await GrpcOrigin.start();
    await using edge = await startGrpcEdge(origin);
    using client = edge.client();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => client.unary(String(index))));
    expect(answers.map(({ message }) => String(message))).toEqual(answers.map((_, index) => String(index)));
    expect(edge.plane.stats().upstreamConnections).toBeLessThanOrEqual(2);
  });

  it('over TLS to a backend whose certificate is verified, by its name', async () => {
    const tls = { key: SITE_CERTIFICATE.keyPem, cert: SITE_CERTIFICATE.certificatePem };
    await using origin = await GrpcOrigin.start({ tls });
    await using trusting = await startGrpcEdge({ port: origin.port, protocol: 'h2', tlsVerify: false });
    using client = trusting.client();
    expect(String((await client.unary('safe')).message)).toBe('safe');
    await using strict = await startGrpcEdge({ port: origin.port, protocol: 'h2' });
    using refused = strict.client();
    await expect(refused.unary('no')).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  it('a stream that is slow but alive outlives the deadlines of silence', async () => {
    await using origin = await GrpcOrigin.start();
    const limits = { upstreamIdleMs: 400, upstreamResponseMs: 400, bodyGraceMs: 200 };
    await using edge = await startGrpcEdge(origin, { limits });
    using client = edge.client();
    const chat = client.chat();
    const startedMs = performance.now();
    for (let count = 0; performance.now() - startedMs < 1_600; count++) {
      chat.write(Buffer.from(String(count)));
      expect(String((await once(chat, 'data'))[0])).toBe(String(count));
      const nextMs = performance.now() + 100;
      await eventually(() => performance.now() >= nextMs);
    }
    chat.end();
    await once(chat, 'end');
  });
});
