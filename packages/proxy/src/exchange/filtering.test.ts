import type { Filter, ForwardAuthFilter } from '@dproxy/core';
import { backendOf, type Behaviour, echo, type Echo, eventually, Origin, respond } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';

const STRIP: Filter = { type: 'stripPrefix', prefixes: ['/api'] };
const MARK: Filter = {
  type: 'headers',
  request: [{ operation: 'set', name: 'x-mark', value: '1' }],
  response: [{ operation: 'set', name: 'x-mark', value: '1' }],
};

function askedAt({ port }: Origin): ForwardAuthFilter {
  return {
    type: 'forwardAuth',
    url: `http://127.0.0.1:${port}/`,
    trustForwarded: false,
    requestHeaders: [],
    responseHeaders: [],
    responseHeadersPattern: '',
    cookies: [],
    userHeader: '',
    maxBodyBytes: -1,
    preserveMethod: false,
    preserveLocation: false,
    tlsVerify: true,
    timeoutMs: 5_000,
  };
}

/** Answers when `open` is called. */
function gate(): { readonly behaviour: Behaviour; readonly isAsked: () => boolean; readonly open: () => void } {
  const opened = Promise.withResolvers<void>();
  let isAsked = false;
  const behaviour: Behaviour = async (exchange) => {
    isAsked = true;
    await opened.promise;
    await exchange.respond({});
  };
  return { behaviour, isAsked: () => isAsked, open: opened.resolve };
}

it('the next wildcard candidate gets the request as the client has sent it', async () => {
  await using failing = await Origin.start(respond({ status: 500 }));
  await using origin = await Origin.start(echo());
  const routes = [
    { host: '*.b.test', to: failing, filters: [STRIP, MARK] },
    { host: '*.test', to: origin },
  ];
  await using edge = await startEdge({ routes });
  using client = await edge.connect();
  await client.write(getRequest('a.b.test', '/api/x'));
  const response = await client.readResponse();
  const seen = JSON.parse(response.body.text) as Echo;
  expect(failing.requests.map(({ target }) => target)).toEqual(['/x']);
  expect(seen.target).toBe('/api/x');
  expect([...seen.headers, ...response.headers].filter(([name]) => name === 'x-mark')).toEqual([]);
});

it('filters see a request once, however many replicas are tried', async () => {
  await using auth = await Origin.start(respond({}));
  await using gone = await Origin.start();
  await using origin = await Origin.start(echo());
  const { port } = gone;
  await gone.close();
  const routes = [{ host: 'a.test', to: [{ port }, { port: origin.port }], filters: [askedAt(auth), STRIP, MARK] }];
  await using edge = await startEdge({ routes });
  using client = await edge.connect();
  for (const count of [1, 2, 3]) {
    await client.write(getRequest('a.test', '/api/api/x'));
    const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
    expect(seen.target).toBe('/api/x');
    expect(seen.headers.filter(([name]) => name === 'x-mark' || name === 'x-forwarded-prefix')).toHaveLength(2);
    expect(auth.requests).toHaveLength(count);
  }
});

it('a long body waits at the client, not in memory, while a filter waits', async () => {
  const { behaviour, isAsked, open } = gate();
  await using auth = await Origin.start(behaviour);
  await using origin = await Origin.start(async (exchange) => {
    await exchange.respond({ body: String((await exchange.body()).length) });
  });
  await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [askedAt(auth)] }] });
  using client = await edge.connect();
  const body = Buffer.alloc(8_000_000, 'x');
  await client.write(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`);
  const sent = client.write(body);
  await eventually(isAsked);
  expect(edge.plane.stats().bytesIn).toBeLessThan(1_000_000);
  open();
  await sent;
  expect((await client.readResponse()).body.text).toBe(String(body.length));
});

it('requests of a pipeline are answered in order, and a filter is asked about one at a time', async () => {
  await using auth = await Origin.start(respond({}));
  await using origin = await Origin.start((exchange) => exchange.respond({ body: exchange.target }));
  await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [askedAt(auth)] }] });
  using client = await edge.connect();
  await client.write(['/1', '/2', '/3'].map((path) => getRequest('a.test', path)).join(''));
  for (const path of ['/1', '/2', '/3']) expect((await client.readResponse()).body.text).toBe(path);
  expect(auth.connections).toHaveLength(1);
});

it('a body that nobody has read ends the connection of a request that was refused', async () => {
  await using edge = await startEdge({
    routes: [{ host: 'a.test', to: { port: 1 }, filters: [{ type: 'allowHosts', hosts: ['b.test'] }] }],
  });
  using client = await edge.connect();
  await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50\r\n\r\nGET /smuggled HTTP/1.1\r\n');
  const response = await client.readResponse();
  expect([response.status, response.header('connection')]).toEqual([403, 'close']);
  expect(await client.ended).toBe('end');
});

it('an expectation is answered only when the filters let the request pass', async () => {
  const { behaviour, isAsked, open } = gate();
  await using auth = await Origin.start(behaviour);
  await using origin = await Origin.start(echo());
  await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [askedAt(auth)] }] });
  using client = await edge.connect();
  await client.write('POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
  await eventually(isAsked);
  expect(edge.plane.stats().bytesOut).toBe(0);
  open();
  expect((await client.readUntil('\r\n\r\n')).toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  await client.write('hi');
  expect((JSON.parse((await client.readResponse()).body.text) as Echo).body).toBe('hi');
});

it('a body that one filter has read is there for the next, each with a limit of its own', async () => {
  await using auth = await Origin.start(respond({}));
  await using shadow = await Origin.start();
  await using origin = await Origin.start(echo());
  const mirror: Filter = {
    type: 'mirror',
    backends: [{ backendId: 'mirror', weight: 1 }],
    percent: 100,
    maxBodyBytes: 100,
  };
  const reads = (maxBodyBytes: number): Filter => ({ ...askedAt(auth), maxBodyBytes });
  await using edge = await startEdge({
    routes: [{ host: 'a.test', to: origin, filters: [reads(100), reads(4), mirror] }],
    backends: [backendOf({ id: 'mirror', port: shadow.port })],
  });
  const post = async (body: string) => {
    using client = await edge.connect();
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    await client.write(`POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
    return await client.readResponse();
  };
  expect((JSON.parse((await post('abc')).body.text) as Echo).body).toBe('abc');
  await eventually(() => shadow.requests.length === 1);
  await eventually(() => shadow.requests[0]?.bodyLength === 3);
  expect((await post('abcde')).status).toBe(413);
  expect(origin.requests).toHaveLength(1);
});
