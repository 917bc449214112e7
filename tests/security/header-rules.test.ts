import { collectLog, echo, type Echo, Origin } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, seenBy, startEdge } from './edge.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

const SPLITTING = [
  ['X-A', 'b\r\nX-Injected: 1'],
  ['X-A', 'b\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.example'],
  ['X-A', 'b\nX-Injected: 1'],
  ['X-A', 'b\rX-Injected: 1'],
  ['X-A', 'b\0'],
  ['X-A', 'b\u{10a}X-Injected: 1'],
  ['X-A\r\nX-Injected', '1'],
  ['X-A: b\r\nX-Injected', '1'],
  ['X A', '1'],
  ['', '1'],
  ['host', 'b.example\r\nX-Injected: 1'],
] as const;

const FRAMING = [
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'keep-alive',
];

describe.each(PATHS)('header rules of a route on the %s path', (path) => {
  it.each(SPLITTING)('cannot split a message: %j: %j', async (name, value) => {
    const log = collectLog();
    await using origin = await Origin.start(echo());
    for (const headers of [{ requestSet: [[name, value] as const] }, { responseSet: [[name, value] as const] }]) {
      await using edge = await startEdge({
        path,
        log,
        routes: [
          { host: 'a.example', to: origin, headers },
          { host: 'good.example', to: origin },
        ],
      });
      // The route with the bad rule is left out, alone.
      const response = await edge.send(GET);
      expect([response.status, response.raw.includes('Injected')]).toEqual([404, false]);
      expect((await edge.send(GET.replace('a.example', 'good.example'))).status).toBe(200);
    }
    expect(log.messages('error').length).toBeGreaterThanOrEqual(2);
    expect(seenBy(origin)).not.toMatch(/Injected|smuggled/);
  });

  it.each(FRAMING)('cannot change where a message ends: %s', async (name) => {
    await using origin = await Origin.start(echo());
    for (const value of ['chunked', '5']) {
      await using edge = await startEdge({
        path,
        routes: [
          {
            host: 'a.example',
            to: origin,
            headers: {
              requestSet: [[name, value]],
              responseSet: [[name, value]],
              requestRemove: [name],
              responseRemove: [name],
            },
          },
        ],
      });
      const request = 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi';
      using client = await edge.connect();
      await client.write(request + request);
      for (const _ of [0, 1]) {
        const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
        expect([seen.body, seen.bodyFraming]).toEqual(['hi', 'length']);
      }
    }
  });
});
