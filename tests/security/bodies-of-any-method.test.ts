import { echo, eventually, Origin, respondEarly } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, seenBy, SMUGGLED, startEdge, targetsOf } from './edge.ts';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PURGE', 'QUERY'];
const NEXT = 'GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n';

/** The smuggled request as the body of another one, in either framing. */
const FRAMED = [
  ['a length', `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['chunks', `Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
] as const;
const CASES = METHODS.flatMap((method) => FRAMED.map(([framing, rest]) => ({ method, framing, rest })));

describe.each(PATHS)('row 3 on the %s path: a body', (path) => {
  it.each(CASES)('with $framing belongs to its $method', async ({ method, rest }) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`${method} /first HTTP/1.1\r\nHost: a.example\r\n${rest}${NEXT}`);
    expect((await client.readResponse({ method })).status).toBe(200);
    expect((await client.readResponse()).status).toBe(200);
    expect(targetsOf(origin)).toEqual(['/first', '/next']);
    expect((await origin.requests[0]?.body())?.text).toBe(SMUGGLED);
  });

  it('that the backend has not read when it answers costs both connections (CL.0)', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write('POST /early HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n');
    const response = await client.readResponse();
    expect([response.status, response.header('connection')]).toEqual([200, 'close']);
    // The body that comes late must not be read as a request by anybody.
    await client.write(SMUGGLED);
    expect(await client.ended).toBe('end');
    await eventually(() => origin.openConnections === 0);
    expect(targetsOf(origin)).toEqual(['/early']);
    expect(seenBy(origin)).not.toContain('muggled');
  });

  it('of a request that dproxy answers itself is not read as the next one', async () => {
    await using edge = await startEdge({
      path,
      routes: [{ host: 'b.example', action: { type: 'respond', status: 200, body: 'x', headers: [] } }],
    });
    for (const [host, status] of [
      ['b.example', 200],
      ['unknown.example', 404],
    ] as const) {
      using client = await edge.connect();
      const last = 'GET / HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n';
      await client.write(
        `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}${last}`,
      );
      expect((await client.readResponse()).status).toBe(status);
      // Nobody routes the host of the smuggled request: a 404 now would be its answer.
      expect((await client.readToEnd()).toString('latin1')).not.toContain(' 404 ');
    }
  });
});
