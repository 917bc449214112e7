import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  AUTHORIZED,
  inspector,
  type Running,
  FakeBalancer,
  FakeExplainer,
  FakeMaker,
  startAdmin,
  STATISTICS_READER,
} from './_fixture.ts';
import { send, sendRaw } from './_requests.ts';
import { createApp } from './admin.ts';
import { silentLog } from '@dproxy/core';

let running: Running;

beforeEach(async () => {
  running = await startAdmin();
});

afterEach(() => running.admin.close());

test('healthz is 200 while a worker serves and 503 when none does, with warnings in both', async () => {
  const good = await send(running.port, 'GET /healthz');
  expect(good.answer).toMatchObject({ ok: true, data: { online: 2, warnings: ['tcp_migrate_req is 0'] } });
  running.balancer.size = 0;
  const bad = await send(running.port, 'GET /healthz');
  expect(bad.status).toBe(503);
  expect(bad.answer).toMatchObject({ ok: false, data: { online: 0, warnings: ['tcp_migrate_req is 0'] } });
});

test('the balancer shows its workers', async () => {
  expect((await send(running.port, 'GET /service/balancer')).answer).toEqual({
    ok: true,
    message: 'running: 2 of 2 workers online',
    data: running.balancer.status(),
  });
});

test('a change that is done is 200, one that is under way is 202 with its progress', async () => {
  const done = await send(running.port, 'POST /service/balancer/resize?size=30');
  expect(done.status).toBe(200);
  expect(done.answer).toMatchObject({ ok: true, data: { done: true, size: 30 } });
  running.balancer.isDone = false;
  const waiting = await send(running.port, 'GET /service/balancer/stop');
  expect(waiting.status).toBe(202);
  expect(waiting.answer).toMatchObject({
    ok: true,
    message: expect.stringMatching(/^under way/),
    data: { done: false, state: 'stopped' },
  });
});

test.each(['1', '256'])('resize takes %s', async (size) => {
  expect((await send(running.port, `POST /service/balancer/resize?size=${size}`)).status).toBe(200);
  expect(running.balancer.calls).toEqual([`resize ${size}`]);
});

test.each([
  '?size=0',
  '?size=257',
  '?size=-1',
  '?size=1.5',
  '?size=1e2',
  '?size=0x10',
  '?size=+5',
  '?size=',
  '',
  '?size=NaN',
  '?size=2&size=3',
  '?size=02',
  '?size=9007199254740993',
  '?size=2&force=1',
  '?Size=2',
  '?__proto__=1',
])('resize%s is 400 and says what is expected', async (query) => {
  const reply = await send(running.port, `POST /service/balancer/resize${query}`);
  expect(reply.status).toBe(400);
  expect(reply.answer.message).toMatch(/expected/);
  expect(running.balancer.calls).toEqual([]);
});

test('a size that this machine cannot have is 400 with the balancer’s reason', async () => {
  running.balancer.failure = new RangeError('one worker at most: no SO_REUSEPORT here');
  const reply = await send(running.port, 'POST /service/balancer/resize?size=4');
  expect(reply.status).toBe(400);
  expect(reply.answer.message).toBe('one worker at most: no SO_REUSEPORT here');
});

test('a lost supervisor is 503; any other failure is 500 and tells the log only', async () => {
  running.balancer.failure = new Error('canary: /root/.pm2/rpc.sock');
  const failed = await send(running.port, 'POST /service/balancer/start');
  expect(failed.status).toBe(500);
  expect(failed.text).not.toMatch(/canary/);
  expect(running.logged.join()).toMatch(/a call to the admin API failed/);
  running.balancer.supervisor = 'gone';
  const gone = await send(running.port, 'POST /service/balancer/start');
  expect(gone.status).toBe(503);
  expect(gone.answer.message).toMatch(/supervisor \(PM2\) is gone/);
});

test('the lists show what dproxy knows, without credentials', async () => {
  const rows: Record<string, unknown> = {};
  for (const path of ['containers', 'backends', 'routes', 'rejected']) {
    const reply = await send(running.port, `GET /${path}`);
    expect(reply.text).not.toMatch(/canary/);
    rows[path] = reply.answer.data;
  }
  expect(rows['containers']).toEqual(inspector.containers());
  expect(rows['rejected']).toEqual(inspector.rejected());
  expect(rows['backends']).toMatchObject([{ name: 'http://***@127.0.0.1:1' }]);
  expect(rows['routes']).toMatchObject([
    {
      host: 'app.test',
      state: 'serving',
      headers: { requestSet: [['authorization', '***']], responseSet: [['x-ok', 'visible']] },
    },
    { host: 'app.test', state: 'shadowed', reason: 'younger', shadowedBy: { line: 3 } },
  ]);
});

test('unknown endpoints, methods and query keys are refused in the shape of every answer', async () => {
  const unknown = await send(running.port, 'GET /nothing');
  expect(unknown.status).toBe(404);
  expect(unknown.answer).toMatchObject({ ok: false, data: null });
  const method = await send(running.port, 'HEAD /service/balancer/stop');
  expect(method.status).toBe(405);
  expect(method.headers.get('allow')).toBe('GET, POST');
  expect(running.balancer.calls).toEqual([]);
  const query = await send(running.port, 'GET /routes?hots=a');
  expect(query.answer).toEqual({ ok: false, message: 'unknown query key "hots"; expected none', data: null });
});

test('bodies are JSON, small and empty', async () => {
  const call = 'POST /service/balancer/start';
  const json = { 'Content-Type': 'application/json' };
  expect((await send(running.port, call, json, '{}')).status).toBe(200);
  expect((await send(running.port, call, { ...json, 'Content-Length': '0' })).status).toBe(200);
  expect((await send(running.port, call, json, '{"size":3}')).status).toBe(400);
  expect((await send(running.port, call, json, '{"__proto__":{}}')).status).toBe(400);
  expect((await send(running.port, call, json, '{')).status).toBe(400);
  const form = await send(running.port, call, { 'Content-Type': 'application/x-www-form-urlencoded' }, 'size=3');
  expect(form.status).toBe(415);
  expect(form.answer.message).toMatch(/expected content-type: application\/json/);
  expect((await send(running.port, call, { 'Content-Type': 'text/plain' }, '{}')).status).toBe(415);
  expect((await send(running.port, 'GET /routes', json, '{}')).status).toBe(400);
  expect(running.balancer.calls).toEqual(['start', 'start']);
});

test('a huge body is refused by its length, and by its size when it has none', async () => {
  const { port } = running;
  const head = `POST /service/balancer/start HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n`;
  const declared = await sendRaw(port, `${head}Content-Length: 1000000000\r\n\r\n`);
  expect(declared.status).toBe(413);
  expect(declared.headers.get('connection')).toBe('close');
  const chunk = `1000\r\n${' '.repeat(4096)}\r\n`;
  const chunked = await sendRaw(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`);
  expect(chunked.status).toBe(413);
  expect(running.balancer.calls).toEqual([]);
});

test('what is no HTTP, a head that is too large and a URL that is too long or malformed are answered in shape', async () => {
  const { port } = running;
  const unreadable = await sendRaw(port, 'hello\r\n\r\n');
  expect(unreadable).toMatchObject({ status: 400, answer: { ok: false, data: null } });
  const large = await send(port, 'GET /healthz', { a: 'x'.repeat(20_000) });
  expect(large).toMatchObject({ status: 431, answer: { ok: false } });
  expect((await send(port, `GET /healthz?${'a'.repeat(3_000)}`)).status).toBe(414);
  expect(await send(port, 'GET /%zz')).toMatchObject({
    status: 400,
    answer: { ok: false, message: 'the URL is malformed' },
  });
});

test('the page for people is complete in itself and runs nothing', async () => {
  const page = await send(running.port, 'GET /docs');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(page.text).toMatch(/\/service\/balancer\/resize\?size=/);
  expect(page.text).not.toMatch(/<script|src=|href=|url\(/);
});

test('the OpenAPI document and the routes are the same set, and every one has a summary', async () => {
  const balancer = new FakeBalancer();
  const app = createApp({
    balancer,
    inspector,
    explainer: new FakeExplainer(),
    maker: new FakeMaker(),
    statistics: STATISTICS_READER,
    readMetrics: () => Promise.resolve(''),
    retryCertificate: () => false,
    token: '',
    tokenAlways: false,
    log: silentLog,
  });
  const registered = new Set<string>();
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (one !== 'HEAD') registered.add(`${one} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  await app.ready();
  const document = (await app.inject({ url: '/openapi.json', headers: { host: 'localhost:80' } })).json<{
    paths: Record<string, Record<string, { summary?: string; responses: object }>>;
  }>();
  await app.close();
  const served = await send(running.port, 'GET /openapi.json');
  const { paths } = JSON.parse(served.text) as typeof document;
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary, responses }]) => {
      expect(summary, path).toBeTruthy();
      expect(Object.keys(responses).length, path).toBeGreaterThan(1);
      return `${method.toUpperCase()} ${path}`;
    }),
  );
  expect(described.toSorted()).toEqual([...registered].toSorted());
  expect(registered.size).toBe(31);
});

test('the index lists the calls', async () => {
  const { answer } = await send(running.port, 'GET /');
  expect(answer.data).toMatchObject({
    endpoints: expect.arrayContaining([
      expect.objectContaining({ method: 'POST', path: '/service/balancer/resize', query: 'size=' }),
    ]),
  });
});

test('after close nothing is bound, and the address is known in between', async () => {
  const other = await startAdmin();
  expect(other.admin.address()).toEqual({ host: '127.0.0.1', port: other.port });
  await other.admin.close();
  expect(other.admin.address()).toBeUndefined();
});

test('/metrics is plain text for Prometheus, not the usual answer', async () => {
  const running = await startAdmin();
  const reply = await send(running.port, 'GET /metrics');
  await running.admin.close();
  expect(reply.status).toBe(200);
  expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(reply.text).toBe('dproxy_requests_total 1\n');
});

test('a certificate is tried again at once only for who has the token, and only where one is waited for', async () => {
  const path = 'POST /certificates/retry?host=';
  expect((await send(running.port, `${path}app.test`)).status).toBe(401);
  expect((await send(running.port, `${path}APP.test.`, AUTHORIZED)).answer).toMatchObject({
    data: { host: 'app.test' },
  });
  expect((await send(running.port, `${path}other.test`, AUTHORIZED)).status).toBe(404);
  const malformed = await send(running.port, `${path}a%20b`, AUTHORIZED);
  expect([malformed.status, malformed.answer.message]).toEqual([400, expect.stringContaining('expected one name')]);
});
