import { writeFile } from 'node:fs/promises';
import { METHODS } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  breakOff,
  collectLog,
  echo,
  eventStream,
  eventually,
  hold,
  Origin,
  respond,
  respondBytes,
  respondChunked,
  respondEarly,
  snapshotOf,
  tempFolder,
  upgradeEcho,
  type Echo,
} from '@dproxy/testkit';
import type { FastifyPluginAsync, FastifyPluginCallback } from 'fastify';
import { describe, expect, it } from 'vitest';
import { testEdge } from './fixtures/test-edge.ts';
import type { Plugin } from './plugin-loader.ts';

const nothing: Plugin = async () => {};

function echoed(response: { readonly body: { readonly text: string } }): Echo {
  return JSON.parse(response.body.text) as Echo;
}

describe('a request through plugins', () => {
  it.each(METHODS.filter((method) => !['CONNECT', 'TRACE', 'HEAD'].includes(method)))(
    'goes on as it came: %s with a body that no parser may touch',
    async (method) => {
      await using origin = await Origin.start(echo());
      await using edge = await testEdge(origin, { nothing });
      for (const type of ['application/json', 'text/plain', 'no type at all', '']) {
        const line = type === '' ? '' : `Content-Type: ${type}\r\n`;
        const seen = echoed(
          await edge.send(`${method} /a HTTP/1.1\r\nHost: a.test\r\n${line}Content-Length: 5\r\n\r\n{bad}`),
        );
        expect(seen).toMatchObject({ method, target: '/a', body: '{bad}', bodyFraming: 'length' });
        expect(seen.headers.find(([name]) => name === 'Content-Type')?.[1]).toBe(type === '' ? undefined : type);
      }
    },
  );

  it.each(['/a%2Fb', '/a/..bar', '/%2e%2e/x', '//x//y', '/100%', '/a"b', "/a;b='c'", '/?a=%&b', '*'])(
    'keeps the target %s byte for byte',
    async (target) => {
      await using origin = await Origin.start(echo());
      await using edge = await testEdge(origin, { nothing });
      const bytes = Buffer.from(target).toString('latin1');
      const seen = echoed(await edge.send(`OPTIONS ${bytes} HTTP/1.1\r\nHost: a.test\r\n\r\n`));
      expect(seen.target).toBe(bytes);
    },
  );

  it('keeps header lines as they are: case, order, repetitions and odd names', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    const lines = [
      'Host: a.test',
      'X-B: 1',
      'x-a: 2',
      'X-B: 3',
      'Cookie: a',
      'Cookie: b',
      '__proto__: x',
      'Via: 1.1 z',
    ];
    const seen = echoed(await edge.send(`GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\nKeep-Alive: 5\r\n\r\n`));
    expect(seen.headers.map(([name, value]) => `${name}: ${value}`)).toEqual([...lines, 'Connection: close']);
    expect(seen.bodyFraming).toBe('none');
  });

  it('streams a chunked body with its trailers, while it is still being written', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    const head = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
    await client.writePieces([head, '3\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n'], () =>
      eventually(() => origin.requests[0]?.bodyLength === 3),
    );
    expect(echoed(await client.readResponse())).toMatchObject({
      body: 'abcdef',
      bodyFraming: 'chunked',
      trailers: [['X-Sum', '1']],
    });
  });

  it('stops reading a body that the backend does not read', async () => {
    await using origin = await Origin.start({ onConnection: (socket) => socket.pause() });
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    await client.write('PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000000\r\n\r\n');
    const piece = Buffer.alloc(1_048_576);
    let written = 0;
    await eventually(() => {
      // A full buffer everywhere on the way is the only reason for `write` to say no and stay so.
      if (client.socket.writableNeedDrain) return true;
      client.socket.write(piece);
      written += piece.byteLength;
      return false;
    });
    expect(written).toBeLessThan(100 * piece.byteLength);
  });

  it('is taken back from the backend when the client goes away', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    await using edge = await testEdge(origin, { nothing });
    const client = await edge.open();
    await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await eventually(() => held.waiting.length === 1);
    client.close();
    await origin.connections[0]?.gone;
    expect(origin.requests).toHaveLength(1);
  });
});

describe('a response through plugins', () => {
  it('keeps status, reason, repetitions and has no Date of its own', async () => {
    const bytes =
      'HTTP/1.1 799 Odd\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi';
    await using origin = await Origin.start(respondBytes(bytes));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(response.startLine).toBe('HTTP/1.1 799 Odd');
    expect(response.headers).toEqual([
      ['x-a', '1'],
      ['x-a', '2'],
      ['set-cookie', 'a'],
      ['set-cookie', 'b'],
      ['content-length', '2'],
      ['Connection', 'close'],
    ]);
    expect(response.body.text).toBe('hi');
  });

  it('relays 103 and trailers', async () => {
    await using origin = await Origin.start(async (exchange) => {
      await exchange.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-B: c\r\n\r\n');
      await respondChunked(['a', 'b'], { trailers: 'X-Sum: 1\r\n' })(exchange);
    });
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(response.interim.map((head) => head.headers)).toEqual([
      [
        ['Link', '</a>'],
        ['X-B', 'c'],
      ],
    ]);
    expect(response.body).toMatchObject({ text: 'ab', trailers: [['X-Sum', '1']] });
  });

  it('arrives before the body, event by event', async () => {
    const events = eventStream();
    await using origin = await Origin.start(events.behaviour);
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    await client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect((await client.readHead()).status).toBe(200);
    await events.send('one');
    await client.readUntil('data: one');
    client.close();
    await eventually(() => origin.openConnections === 0);
  });

  it('arrives although the body of the request is not read', async () => {
    await using origin = await Origin.start(respondEarly('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\nabc');
    expect(response.status).toBe(413);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('has no body after %s and %d, and keeps what is said of it', async (method, status) => {
    const length = status === 204 ? '' : 'Content-Length: 42\r\n';
    await using origin = await Origin.start(respondBytes(`HTTP/1.1 ${status} X\r\n${length}ETag: "a"\r\n\r\n`));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send(`${method} / HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    expect(response.status).toBe(status);
    expect(response.header('content-length')).toBe(status === 204 ? undefined : '42');
    expect(response.header('etag')).toBe('"a"');
  });

  it('is a 503 only once: nothing is tried again behind the back of the policy', async () => {
    await using origin = await Origin.start(respond({ status: 503, headers: [['Retry-After', '0']] }));
    await using edge = await testEdge(origin, { nothing });
    expect((await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(503);
    expect(origin.requests).toHaveLength(1);
  });

  it('breaks off when the backend breaks off', async () => {
    await using origin = await Origin.start(
      respondBytes('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', { close: true }),
    );
    await using edge = await testEdge(origin, { nothing });
    await expect(edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')).rejects.toThrow();
  });

  it('is a page when there is none', async () => {
    await using origin = await Origin.start(breakOff('reset'));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\nAccept: application/json\r\n\r\n');
    expect(response.status).toBe(502);
    expect(JSON.parse(response.body.text)).toMatchObject({ status: 502, requestId: 'r-1' });
  });
});

describe('a connection', () => {
  it('that carries a second request gives one answer and the end', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    const request = 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';
    await client.write(request + request.replace('GET /', 'GET /admin'));
    expect((await client.readResponse()).status).toBe(200);
    await client.ended;
    expect(client.unread.byteLength).toBe(0);
    expect(origin.requests).toHaveLength(1);
  });

  it('with a method that node:http does not know gets a 501 page', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send('BREW / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect([response.status, origin.requests.length]).toEqual([501, 0]);
  });
});

describe('an upgrade through plugins', () => {
  const offer = 'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n';

  it('becomes a tunnel after the 101, with the bytes that came early on both sides', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat', greeting: 'hello' }));
    await using edge = await testEdge(origin, { nothing });
    using client = await edge.open();
    await client.write(`${offer}early`);
    const response = await client.readResponse();
    expect(response.status).toBe(101);
    expect(response.header('upgrade')).toBe('chat');
    expect((await client.readBytes(10)).toString()).toBe('helloearly');
    client.halfClose();
    expect(await client.ended).toBe('end');
  });

  it('is an ordinary answer when the backend does not switch', async () => {
    await using origin = await Origin.start(respond({ status: 426, body: 'no' }));
    await using edge = await testEdge(origin, { nothing });
    const response = await edge.send(offer);
    expect([response.status, response.body.text]).toEqual([426, 'no']);
  });

  it.each(['', 'Upgrade: other\r\n'])('is a 502 when the backend switches to something else (%j)', async (line) => {
    const bytes = `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n${line}\r\n`;
    await using origin = await Origin.start(respondBytes(bytes));
    await using edge = await testEdge(origin, { nothing });
    expect((await edge.send(offer)).status).toBe(502);
  });

  it('is refused by a plugin like any other request', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat' }));
    const guard: FastifyPluginAsync = async (app) => {
      app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who?'));
    };
    await using edge = await testEdge(origin, { guard });
    expect((await edge.send(offer)).status).toBe(401);
    expect(origin.connections).toHaveLength(0);
  });

  it('ends on both sides when the client goes away', async () => {
    await using origin = await Origin.start(upgradeEcho({ protocol: 'chat' }));
    await using edge = await testEdge(origin, { nothing });
    const client = await edge.open();
    await client.write(offer);
    await client.readResponse();
    client.close();
    await origin.connections[0]?.gone;
  });
});

describe('plugins', () => {
  it('change headers both ways, know the client, and answer themselves', async () => {
    await using origin = await Origin.start(echo());
    const plugin: FastifyPluginCallback = (app, _options, done) => {
      app.addHook('onRequest', async (request, reply) => {
        request.headers['x-user'] = `${request.ip} ${request.protocol} ${request.id}`;
        delete request.headers['cookie'];
        void reply.header('x-plugin', 'here');
      });
      app.get('/own', async () => ({ own: true }));
      done();
    };
    await using edge = await testEdge(origin, { plugin });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\nCookie: a\r\n\r\n');
    expect(response.header('x-plugin')).toBe('here');
    expect(echoed(response).headers).toContainEqual(['x-user', '192.0.2.7 https r-1']);
    expect(echoed(response).headers.map(([name]) => name)).not.toContain('Cookie');
    expect((await edge.send('GET /own HTTP/1.1\r\nHost: a.test\r\n\r\n')).body.text).toBe('{"own":true}');
  });

  it('see every path, also one that the router cannot read', async () => {
    await using origin = await Origin.start(echo());
    const seen: string[] = [];
    const plugin: FastifyPluginAsync = async (app) => {
      app.addHook('onRequest', async (request) => void seen.push(request.url));
    };
    await using edge = await testEdge(origin, { plugin });
    await edge.send('GET /100%?a=%zz HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(seen).toEqual(['/100%?a=%zz']);
  });

  it('may parse and replace a body, and transform an answer', async () => {
    await using origin = await Origin.start(echo());
    const plugin: FastifyPluginAsync = async (app) => {
      app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
        done(null, { wrapped: JSON.parse(text.toString()) as unknown });
      });
      app.addHook('onSend', async (_request, reply, payload) => {
        void reply.removeHeader('content-length');
        return (payload as Readable).map((chunk: Buffer) => chunk.toString().replace('wrapped', 'changed'));
      });
    };
    await using edge = await testEdge(origin, { plugin });
    const request =
      'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}';
    const seen = echoed(await edge.send(request));
    expect(seen.body).toBe('{"changed":{"a":1}}');
    expect(seen.bodyLength).toBe(19);
  });

  it('that throw give a page without a detail, and the cause goes to the log', async () => {
    await using origin = await Origin.start(echo());
    const log = collectLog();
    const plugin: FastifyPluginAsync = async (app) => {
      app.addHook('onRequest', async (request) => {
        if (request.url === '/secret') throw Object.assign(new Error('password is 1234'), { statusCode: 403 });
        throw new Error('password is 1234');
      });
    };
    await using edge = await testEdge(origin, { plugin }, { log });
    const response = await edge.send('GET / HTTP/1.1\r\nHost: a.test\r\nAccept: text/html\r\n\r\n');
    expect(response.status).toBe(500);
    expect(response.body.text).toContain('Something went wrong.');
    expect(response.raw + response.body.text).not.toContain('1234');
    expect(log.entries).toMatchObject([{ level: 'error', fields: { requestId: 'r-1', route: 'a.test/' } }]);
    const refused = await edge.send('GET /secret HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(refused.status).toBe(403);
    expect(refused.body.text).not.toContain('1234');
    expect((await edge.send('HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n')).status).toBe(500);
    expect(origin.connections).toHaveLength(0);
  });

  it('that cannot be loaded are named in the log, and their routes have none', async () => {
    await using folder = await tempFolder();
    await writeFile(
      join(folder.path, 'good.mjs'),
      'export default async (app) => { app.get("/own", async () => "good"); };',
    );
    await writeFile(join(folder.path, 'odd.mjs'), 'export default 42;');
    await using origin = await Origin.start(echo());
    const request = 'GET /own HTTP/1.1\r\nHost: a.test\r\n\r\n';
    for (const name of ['./odd.mjs', './none.mjs', 'no-such-package']) {
      const log = collectLog();
      await using edge = await testEdge(origin, {}, { log, baseFolder: folder.path, route: { plugins: [name] } });
      await expect(edge.send(request)).rejects.toMatchObject({ code: 'plugin-unknown' });
      expect(log.messages('error')).toEqual(['plugins could not be loaded; their routes answer 500']);
    }
    await using edge = await testEdge(origin, {}, { baseFolder: folder.path, route: { plugins: ['./good.mjs'] } });
    expect((await edge.send(request)).body.text).toBe('good');
  });

  it('are closed when no route names them and their last request is done', async () => {
    const held = hold();
    await using origin = await Origin.start(held.behaviour);
    let closed = false;
    const plugin: FastifyPluginAsync = async (app) => {
      app.addHook('onClose', async () => {
        closed = true;
      });
    };
    await using edge = await testEdge(origin, { plugin });
    const answer = edge.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await eventually(() => held.waiting.length === 1);
    edge.path.apply(snapshotOf());
    expect(closed).toBe(false);
    held.release(echo());
    expect((await answer).status).toBe(200);
    await eventually(() => closed);
  });
});
