import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { collectLog, echo, eventually, hold, Origin, snapshotOf, tempFolder } from '@dproxy/testkit';
import type { FastifyPluginAsync, FastifyPluginCallback } from 'fastify';
import { describe, expect, it } from 'vitest';
import { echoed, testEdge } from './fixtures/test-edge.ts';

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
      await expect(edge.send(request)).rejects.toMatchObject({ code: 'plugin-broken' });
      expect(log.messages('error')).toEqual(['a plugin cannot be loaded; its routes answer 503']);
    }
    await using edge = await testEdge(origin, {}, { baseFolder: folder.path, route: { plugins: ['./good.mjs'] } });
    expect((await edge.send(request)).body.text).toBe('good');
  });

  it('get the options that the route gives them', async () => {
    await using folder = await tempFolder();
    const text = 'export default async (app, options) => { app.get("/own", async () => options); };';
    await writeFile(join(folder.path, 'told.mjs'), text);
    await using origin = await Origin.start(echo());
    const plugins = [{ module: './told.mjs', options: { who: 'world', deep: { list: [1, true] } } }];
    await using edge = await testEdge(origin, {}, { baseFolder: folder.path, route: { plugins } });
    const answer = await edge.send('GET /own HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect(JSON.parse(answer.body.text)).toEqual({ who: 'world', deep: { list: [1, true] } });
  });

  it('that are broken are tried again when their file has changed, and not before', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'late.mjs');
    await writeFile(path, 'throw new Error("not yet");');
    await using origin = await Origin.start(echo());
    const log = collectLog();
    await using edge = await testEdge(origin, {}, { log, baseFolder: folder.path, route: { plugins: ['./late.mjs'] } });
    const request = 'GET /own HTTP/1.1\r\nHost: a.test\r\n\r\n';
    for (const _turn of [1, 2, 3]) {
      await expect(edge.send(request)).rejects.toMatchObject({ code: 'plugin-broken', status: 503 });
    }
    expect(log.messages('error')).toHaveLength(1);
    const stacks = log.entries.map(({ fields }) => String((fields as { readonly err?: Error }).err?.stack));
    expect(stacks[0]).toContain('not yet');
    await writeFile(path, 'export default async (app) => { app.get("/own", async () => "mended"); };');
    await eventually(async () => (await edge.send(request)).body.text === 'mended');
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
