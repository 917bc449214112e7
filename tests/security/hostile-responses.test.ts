import { eventually, inTurn, Origin, respond, respondBytes, respondEarly } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { RESPONSE_CORPUS } from '../../packages/proxy/src/http1/corpus/response-corpus.ts';
import { PATHS, startEdge } from './edge.ts';

const INJECTED = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ninjected';
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\n';

function requestFor({ method = 'GET', offeredUpgrade = '' }: { method?: string; offeredUpgrade?: string }): string {
  const upgrade = offeredUpgrade === '' ? '' : `Connection: Upgrade\r\nUpgrade: ${offeredUpgrade}\r\n`;
  return `${method} / HTTP/1.1\r\nHost: a.example\r\n${upgrade}\r\n`;
}

const HOSTILE = [
  ...RESPONSE_CORPUS.filter(({ expected }) => expected === 'upstream-malformed').map((sample) => ({
    name: `${sample.source}: ${sample.name}`,
    text: sample.text,
    method: sample.method ?? 'GET',
    request: requestFor(sample),
  })),
  ...(
    [
      ['eleven 103', `${'HTTP/1.1 103 X\r\n\r\n'.repeat(11)}${OK}Content-Length: 0\r\n\r\n`],
      ['a thousand 100', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)],
      ['201 header lines', `${OK}${'X: y\r\n'.repeat(201)}Content-Length: 0\r\n\r\n`],
      ['a header line of 70 KB', `${OK}X: ${'y'.repeat(70_000)}\r\n\r\n`],
      ['a status line of 70 KB', `HTTP/1.1 200 ${'y'.repeat(70_000)}\r\n\r\n`],
      ['a length beyond 2^64', `${OK}Content-Length: 18446744073709551617\r\n\r\nx`],
      ['a look-alike coding beside a length', `${OK}Transfer-Encoding: \x0bchunked\r\nContent-Length: 1\r\n\r\nx`],
      ['a request for an answer', GET],
      ['HTTP/1.1 200 in lower case behind an empty line', '\r\n\r\nhttp/1.1 200 ok\r\n\r\n'],
      ['an HTTP/2 SETTINGS frame', '\x00\x00\x00\x04\x00\x00\x00\x00\x00'],
    ] as const
  ).map(([name, text]) => ({ name, text, method: 'GET', request: GET })),
];

/** Framing that breaks when the head is at the client already. */
const BROKEN_BODIES = [
  ['a chunk size that is none', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n`],
  ['a chunk longer than it says', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`],
  ['a chunk line that ends in LF', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\n\n`],
  ['a chunk size of nine digits', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n000000001\r\nx\r\n0\r\n\r\n`],
  ['a megabyte of chunk extension', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;${'x'.repeat(1_000_000)}`],
  ['a megabyte of trailers', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${'X: y\r\n'.repeat(170_000)}`],
] as const;

/** Whole answers, with bytes behind them that no request has asked for. */
const EXTRA = [
  ['a length', 'GET', `${OK}Content-Length: 2\r\n\r\nhi`, 'hi'],
  ['chunks', 'GET', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`, 'hi'],
  ['an empty body', 'GET', `${OK}Content-Length: 0\r\n\r\n`, ''],
  ['HEAD with a length and a body', 'HEAD', `${OK}Content-Length: ${INJECTED.length}\r\n\r\n`, ''],
  ['HEAD with chunks', 'HEAD', `${OK}Transfer-Encoding: chunked\r\n\r\n`, ''],
  ['204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ['204 with a length', 'GET', `HTTP/1.1 204 No Content\r\nContent-Length: ${INJECTED.length}\r\n\r\n`, ''],
  ['304 with a length', 'GET', `HTTP/1.1 304 Not Modified\r\nContent-Length: ${INJECTED.length}\r\n\r\n`, ''],
  ['304 with chunks', 'GET', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', ''],
] as const;

describe.each(PATHS)('rows 14, 19 on the %s path: a response', (path) => {
  it.each(HOSTILE)(
    'that breaks a rule is a 502, and its connection is gone: $name',
    async ({ text, method, request }) => {
      await using origin = await Origin.start(respondBytes(text + INJECTED));
      await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
      using client = await edge.connect();
      await client.write(request);
      const response = await client.readResponse({ method });
      expect(response.status).toBe(502);
      expect(response.raw + response.body.text).not.toContain('injected');
      await eventually(() => origin.openConnections === 0);
      origin.behave(respond({ body: 'next' }));
      await client.write(GET);
      expect((await client.readResponse()).body.text).toBe('next');
    },
  );

  it.each(BROKEN_BODIES)('that goes wrong behind its head is cut, never completed: %s', async (_name, text) => {
    await using origin = await Origin.start(respondBytes(text));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(GET + GET);
    const got = (await client.readToEnd()).toString('latin1');
    // Cut before the head went out, or in the middle of the body; in no case a whole message, and nothing behind it.
    expect(got).not.toMatch(/0\r\n\r\n$/);
    expect(got.match(/HTTP\/1\.1 (?!1)/g) ?? []).toHaveLength(1);
    await eventually(() => origin.openConnections === 0);
  });

  it.each(EXTRA)('followed by another one is not mixed up with it: %s', async (_name, method, text, body) => {
    await using origin = await Origin.start(inTurn(respondBytes(text + INJECTED), respond({ body: 'next' })));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(`${method} / HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    expect((await client.readResponse({ method })).body.text).toBe(body);
    await client.write(GET);
    expect((await client.readResponse()).body.text).toBe('next');
    expect(origin.connections).toHaveLength(2);
    expect(client.unread.byteLength).toBe(0);
  });

  it.each([
    ['a CR in a value', 'X-A: b\rSet-Cookie: stolen=1'],
    ['an LF in a value', 'X-A: b\nSet-Cookie: stolen=1'],
    ['a NUL', 'X-A: b\x00Set-Cookie: stolen=1'],
    ['a folded line', 'X-A: b\r\n Set-Cookie: stolen=1'],
  ])('is not split by %s', async (_name, line) => {
    await using origin = await Origin.start(respondBytes(`${OK}${line}\r\nContent-Length: 0\r\n\r\n`));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    const response = await edge.send(GET);
    expect([response.status, response.raw.includes('stolen')]).toEqual([502, false]);
  });

  it('speaks for the backend only: no header of the connection, no x-debug of its making', async () => {
    const fields = [
      'Connection: X-Hop, close',
      'X-Hop: 1',
      'Keep-Alive: timeout=9',
      'Proxy-Connection: keep-alive',
      'Upgrade: h2c',
      'X-Debug-Backend: forged',
      'X-Debug-Time-Total: 0',
      'Content-Length: 2',
    ];
    await using origin = await Origin.start(respondBytes(`${OK}${fields.join('\r\n')}\r\n\r\nhi`, { close: true }));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(GET);
    const response = await client.readResponse();
    for (const name of ['x-hop', 'keep-alive', 'proxy-connection', 'upgrade', 'connection']) {
      expect([name, response.header(name)]).toEqual([name, undefined]);
    }
    expect(response.raw).not.toContain('x-debug');
    expect(response.raw.toLowerCase()).not.toContain('forged');
    // The backend's wish to close is about its own connection.
    await client.write(GET);
    expect((await client.readResponse()).status).toBe(200);
  });

  it('that trickles its head is given up in time', async () => {
    await using origin = await Origin.start(async (exchange) => {
      const drip = async (): Promise<void> => {
        if (!(await exchange.write('X'))) return;
        setImmediate(() => void drip());
      };
      await exchange.write('HTTP/1.1 200 OK\r\nX: ');
      setImmediate(() => void drip());
    });
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin, timeouts: { connectMs: 0, responseMs: 300, idleMs: 0 } }],
      limits: { upstreamHeadBytes: 1_000_000_000 },
    });
    expect((await edge.send(GET)).status).toBe(504);
    await eventually(() => origin.openConnections === 0);
  });

  it('that comes before the request is written is not taken for its answer', async () => {
    await using origin = await Origin.start({
      onConnection: (socket, connection) => {
        socket.write(INJECTED);
        connection.serveHttp();
      },
      behaviour: respondEarly(`${OK}Content-Length: 4\r\n\r\nreal`),
    });
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    await client.write(GET);
    await client.readResponse();
    await client.write(GET);
    // Whichever it was, the connection that carried it is not used for anybody else.
    await client.readResponse();
    expect(origin.connections.length).toBe(2);
  });
});

describe.each(PATHS)('row 20 on the %s path: a backend that answers without being asked', (path) => {
  it('loses its idle connection, and nobody gets that answer', async () => {
    await using origin = await Origin.start(respond({ body: 'own' }));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    using client = await edge.connect();
    for (let round = 0; round < 3; round++) {
      await client.write(GET);
      expect((await client.readResponse()).body.text).toBe('own');
      const connection = origin.connections[round];
      connection?.socket.write(INJECTED);
      await connection?.gone;
    }
    expect(client.unread.byteLength).toBe(0);
    expect(origin.connections).toHaveLength(3);
  });

  it('with half an answer loses it, too', async () => {
    await using origin = await Origin.start(respond({ body: 'own' }));
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }] });
    expect((await edge.send(GET)).body.text).toBe('own');
    origin.connections[0]?.socket.write('H');
    await origin.connections[0]?.gone;
    expect((await edge.send(GET)).body.text).toBe('own');
  });
});
