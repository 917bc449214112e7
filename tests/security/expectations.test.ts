import { echo, type Echo, eventually, hold, Origin, respondEarly } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, SMUGGLED, startEdge, targetsOf } from './edge.ts';

const POST = `POST /x HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`;

describe.each(PATHS)('row 12 on the %s path: Expect', (path) => {
  it('is answered by us, once, and not forwarded', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(POST);
    expect((await client.readHead()).status).toBe(100);
    await client.write(SMUGGLED);
    const response = await client.readResponse();
    const seen = JSON.parse(response.body.text) as Echo;
    expect([response.interim, seen.body]).toEqual([[], SMUGGLED]);
    expect(seen.headers.map(([name]) => name.toLowerCase())).not.toContain('expect');
    expect(targetsOf(origin)).toEqual(['/x']);
  });

  it('and a final answer before the body ends the connection: what follows may be either', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(POST);
    const response = await client.readResponse();
    expect([response.status, response.header('connection')]).toEqual([200, 'close']);
    await client.write(SMUGGLED);
    await client.ended;
    await eventually(() => origin.openConnections === 0);
    expect(targetsOf(origin)).toEqual(['/x']);
  });

  it('and a 100 of the backend is not told a second time', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 100 Continue\r\n\r\n');
      await exchange.body();
      await exchange.respond({ body: 'ok' });
    });
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(POST + SMUGGLED);
    expect((await client.readResponse()).interim.length).toBeLessThanOrEqual(1);
    expect(targetsOf(origin)).toEqual(['/x']);
  });

  it('of a client that goes away instead of sending leaves nothing behind', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const client = await edge.connect();
    await client.write(POST);
    expect((await client.readHead()).status).toBe(100);
    client.reset();
    await eventually(() => origin.openConnections === 0 && edge.plane.stats().connections === 0);
  });
});
