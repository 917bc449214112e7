import { describe, expect, test } from 'vitest';
import { type BackendSpec, eventually, type RawResponse } from '@dproxy/testkit';
import { getRequest, startEdge } from '../../fixtures/edge.ts';
import { Http2Origin, respond } from './fixtures/http2-origin.ts';

type Edge = Awaited<ReturnType<typeof startEdge>>;

function h2c({ port }: { readonly port: number }, more: Partial<BackendSpec> = {}): BackendSpec {
  return { port, protocol: 'h2c', ...more };
}

async function ask(edge: Edge, request: string): Promise<RawResponse> {
  using client = await edge.connect();
  await client.write(request);
  return await client.readResponse();
}

describe('a client of HTTP/1.1 and a backend of HTTP/2', () => {
  test('a request arrives as it was meant, with what dproxy says about its client', async () => {
    await using origin = await Http2Origin.start((stream) => respond(stream, 'hello', { 'x-answer': 'yes' }));
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin) } });
    const lines = 'X-Mine: 1\r\nX-Mine: 2\r\nTE: trailers\r\nConnection: X-Hop, TE\r\nX-Hop: gone\r\n';
    const response = await ask(edge, getRequest('A.test:80', '/a%2Fb?c', lines));
    expect([response.status, response.body.text, response.header('x-answer')]).toEqual([200, 'hello', 'yes']);
    expect(origin.requests[0]).toMatchObject({
      ':method': 'GET',
      ':scheme': 'http',
      ':authority': 'A.test:80',
      ':path': '/a%2Fb?c',
      'x-mine': '1, 2',
      te: 'trailers',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'A.test:80',
    });
    expect(origin.requests[0]).not.toHaveProperty('x-hop');
    expect(origin.requests[0]).not.toHaveProperty('connection');
    expect(origin.requests[0]).not.toHaveProperty('host');
  });

  test('bodies pass both ways, with and without a stated length', async () => {
    await using origin = await Http2Origin.start((stream, headers) => {
      stream.respond({ ':status': 201, ...(headers['x-sized'] === undefined ? {} : { 'content-length': '5' }) });
      stream.pipe(stream);
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin) } });
    const sized = await ask(edge, 'POST / HTTP/1.1\r\nHost: a.test\r\nX-Sized: 1\r\nContent-Length: 5\r\n\r\n12345');
    expect([sized.status, sized.body.text, sized.header('content-length')]).toEqual([201, '12345', '5']);
    const chunked = await ask(
      edge,
      'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    );
    expect([chunked.status, chunked.body.text, chunked.header('transfer-encoding')]).toEqual([201, 'abcde', 'chunked']);
    expect(origin.requests.map((headers) => headers['content-length'])).toEqual(['5', undefined]);
  });

  test('requests go over one session, which is closed when it is idle', async () => {
    await using origin = await Http2Origin.start();
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin) }, limits: { upstreamKeepAliveMs: 500 } });
    const responses = await Promise.all(Array.from({ length: 20 }, () => ask(edge, getRequest())));
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(origin.sessions).toHaveLength(1);
    expect(edge.plane.stats().upstreamConnections).toBe(1);
    await eventually(() => origin.openSessions === 0);
    expect((await ask(edge, getRequest())).status).toBe(200);
  });

  test('HEAD, 204 and 304 have no body; a stated length of HEAD goes on', async () => {
    await using origin = await Http2Origin.start((stream, headers) => {
      const status = Number(headers['x-status'] ?? 200);
      stream.respond({ ':status': status, ...(status === 200 ? { 'content-length': '7' } : {}) }, { endStream: true });
    });
    await using edge = await startEdge({ routes: { 'a.test': h2c(origin) } });
    using client = await edge.connect();
    await client.write('HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    const head = await client.readResponse({ method: 'HEAD' });
    expect([head.status, head.header('content-length')]).toEqual([200, '7']);
    for (const status of [204, 304]) {
      await client.write(getRequest('a.test', '/', `X-Status: ${status}\r\n`));
      expect((await client.readResponse()).status).toBe(status);
    }
  });
});
