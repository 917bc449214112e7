import { echo, eventually, Origin, respond, respondEarly } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, SMUGGLED, startEdge, targetsOf } from './edge.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

describe.each(PATHS)('rows 20, 27 on the %s path: a pipeline', (path) => {
  it('is sent to the backend one request at a time, each after the answer to the one before', async () => {
    let open = 0;
    let most = 0;
    await using origin = await Origin.start(async (exchange) => {
      most = Math.max(most, ++open);
      await exchange.body();
      await exchange.respond({ body: exchange.target });
      open--;
    });
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    const targets = Array.from({ length: 200 }, (_, index) => `/${index}`);
    await client.write(targets.map((target) => GET.replace('/', target)).join(''));
    const answers: string[] = [];
    for (const _ of targets) answers.push((await client.readResponse()).body.text);
    expect([answers, targetsOf(origin), most]).toEqual([targets, targets, 1]);
  });

  it('of a client that sends on and on and reads nothing is not kept in memory, and is cut', async () => {
    await using origin = await Origin.start(respond({ body: 'x'.repeat(30_000) }));
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      limits: { writeStallMs: 500, bufferBytes: 16_384 },
    });
    const client = await edge.connect();
    client.socket.pause();
    const flood = Buffer.from(GET.repeat(2_000));
    const floodOn = async () => {
      for (let sent = 0; sent < 200_000_000; sent += flood.byteLength) if (!(await client.write(flood))) return;
    };
    await Promise.all([floodOn(), eventually(() => edge.plane.stats().requests > 0)]);
    await eventually(() => edge.plane.stats().connections === 0);
    expect(edge.plane.stats().bytesIn).toBeLessThan(20_000_000);
    await eventually(() => origin.openConnections <= 1);
  });

  it('ends behind the last request that a connection may carry', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      limits: { requestsPerConnection: 2 },
    });
    using client = await edge.connect();
    await client.write(GET + GET + GET + SMUGGLED);
    for (const connection of [undefined, 'close']) {
      expect((await client.readResponse()).header('connection')).toBe(connection);
    }
    await client.ended;
    expect(origin.requests).toHaveLength(2);
  });

  it('behind HTTP/1.0 is not read, unless the client asked to keep the connection', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using once = await edge.connect();
    await once.write(GET.replace('1.1', '1.0') + SMUGGLED);
    expect((await once.readResponse()).header('connection')).toBe('close');
    await once.ended;
    expect(targetsOf(origin)).toEqual(['/']);
    using kept = await edge.connect();
    await kept.write(GET.replace('1.1\r\n', '1.0\r\nConnection: keep-alive\r\n') + GET);
    expect((await kept.readResponse()).header('connection')).toBe('keep-alive');
    expect((await kept.readResponse()).status).toBe(200);
  });

  it('behind an answer that came too early is not read', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write('POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.readResponse();
    await client.write(`0\r\n\r\n${SMUGGLED}`);
    await client.ended;
    expect(targetsOf(origin)).toEqual(['/p']);
  });
});
