import { MakerError, type MakerProblem } from '@dproxy/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AUTHORIZED, type Running, startAdmin } from '../_fixture.ts';
import { type Reply, send } from '../_requests.ts';

let running: Running;

beforeEach(async () => {
  running = await startAdmin();
});

afterEach(() => running.admin.close());

const JSON_TYPE = { ...AUTHORIZED, 'Content-Type': 'application/json' };

async function post(body: unknown, path = '/container'): Promise<Reply> {
  return await send(running.port, `POST ${path}`, JSON_TYPE, typeof body === 'string' ? body : JSON.stringify(body));
}

test.each(['/container', '/containers'])('POST %s makes a container and answers with its host', async (path) => {
  const reply = await post({ image: 'nginx' }, path);
  expect(reply.status).toBe(200);
  expect(reply.answer).toEqual({
    ok: true,
    message: 'web-1 is running',
    data: running.maker.made,
    status: 'success',
    container: 'web-1.localhost',
  });
  const order = { image: 'docker.io/library/nginx', tag: 'latest', name: '', engine: '' };
  expect(running.maker.calls).toEqual([`make ${JSON.stringify(order)}`]);
});

test('all that can be said is passed on', async () => {
  const order = { image: 'ghcr.io/some/app', tag: '1.27-alpine', name: 'web-2', engine: 'tcp://10.0.0.5:2376' };
  expect((await post(order)).status).toBe(200);
  expect(running.maker.calls).toEqual([`make ${JSON.stringify(order)}`]);
});

test('what takes long is 202 with its progress', async () => {
  const pull = { layers: 5, finishedLayers: 2, bytes: 10, totalBytes: 30 };
  running.maker.made = { ...running.maker.made, id: '', state: 'pulling', pull };
  const reply = await post({ image: 'nginx' });
  expect(reply.status).toBe(202);
  expect(reply.answer).toMatchObject({ ok: true, status: 'pending', container: 'web-1.localhost', data: { pull } });
  expect(reply.answer.message).toContain('2 of 5 layers');
});

test.each([
  ['"nginx"', /the body is "nginx"; expected an object/],
  ['[]', /the body is \[\]/],
  ['', /the body is missing/],
  ['{"image":"nginx","image2":1}', /unknown key "image2"; expected image, tag, name, engine/],
  ['{"image":"nginx","HostConfig":{"Privileged":true}}', /unknown key "HostConfig"/],
  ['{"image":"nginx","__proto__":{"tag":"1"}}', /./],
  ['{}', /image is missing; expected/],
  ['{"image":["nginx"]}', /image is \["nginx"\]/],
  ['{"image":"nginx"', /the body is not JSON; expected an object/],
  ['{"image":"nginx:1"}', /image is "nginx:1"; expected "docker.io\/library\/nginx", and tag: "1"/],
  ['{"image":"user/app"}', /image is "user\/app"; expected "docker.io\/user\/app", with its registry/],
  ['{"image":"user/app:1"}', /expected "docker.io\/user\/app", and tag: "1"/],
  ['{"image":"registry.test:5000/app:1"}', /expected "registry.test:5000\/app", and tag: "1"/],
  ['{"image":"nginx@sha256:00"}', /expected a name such as nginx, .* without a tag or digest/],
  ['{"image":"user/app:"}', /expected a name such as nginx/],
  ['{"image":"User/app"}', /expected a name such as nginx/],
  ['{"image":"nginx","tag":""}', /tag is ""; expected/],
  ['{"image":"nginx","tag":1}', /tag is 1/],
  ['{"image":"nginx","tag":null}', /tag is null/],
  ['{"image":"nginx","tag":"sha256:00"}', /tag is/],
  ['{"image":"nginx","tag":"a..b"}', /tag is/],
  ['{"image":"nginx","name":"a"}', /name is "a"; expected/],
  ['{"image":"nginx","name":"Web"}', /name is/],
  ['{"image":"nginx","name":"a.b"}', /name is/],
  ['{"image":"nginx","name":"../x"}', /name is/],
  ['{"image":"nginx","name":"-ab"}', /name is/],
  ['{"image":"nginx","engine":""}', /engine is ""/],
])('%s is 400 and makes nothing', async (body, message) => {
  const reply = await post(body);
  expect(reply.status).toBe(400);
  expect(reply.answer).toMatchObject({ ok: false, data: null });
  expect(reply.answer.message).toMatch(message);
  expect(running.maker.calls).toEqual([]);
});

test.each([
  ['POST', '/container/web-1/start', 'start web-1', 'web-1 is running'],
  ['POST', '/container/web-1/stop', 'stop web-1', 'web-1 is running'],
  ['DELETE', '/container/web-1', 'remove web-1', 'web-1 is removed'],
])('%s %s acts on that container', async (method, path, call, message) => {
  const reply = await send(running.port, `${method} ${path}`, AUTHORIZED);
  expect(reply.answer).toMatchObject({ ok: true, message, status: 'success', container: 'web-1.localhost' });
  expect(running.maker.calls).toEqual([call]);
});

test('a call on a container takes no body', async () => {
  expect((await post({ force: true }, '/container/web-1/stop')).status).toBe(400);
  expect(running.maker.calls).toEqual([]);
});

test.each([
  'POST /container',
  'POST /containers',
  'POST /container/a/start',
  'POST /container/a/stop',
  'DELETE /container/a',
])('%s needs the token, also from this machine', async (line) => {
  const reply = await send(running.port, line, { 'Content-Type': 'application/json' }, '{"image":"nginx"}');
  expect(reply.status).toBe(401);
  expect(running.maker.calls).toEqual([]);
});

test('a form, which any web page can send, is refused', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const headers = { ...AUTHORIZED, 'Content-Type': type };
    expect((await send(running.port, 'POST /container', headers, '{"image":"nginx"}')).status).toBe(415);
  }
  expect(running.maker.calls).toEqual([]);
});

test('GET /container lists what was made', async () => {
  const reply = await send(running.port, 'GET /container');
  expect(reply.answer).toEqual({ ok: true, message: '1 made by this API', data: [running.maker.made] });
});

test.each<[MakerProblem, number]>([
  ['forbidden', 403],
  ['unknown', 404],
  ['conflict', 409],
  ['budget', 429],
  ['engine', 502],
  ['unreachable', 503],
])('a refusal of the kind %s is %i, and its cause is only for the log', async (problem, status) => {
  const cause = new Error('canary: lookup registry.internal on 10.0.0.2:53');
  running.maker.failure = new MakerError(problem, 'a sentence for the caller', { cause, retryAfterMs: 1_500 });
  const reply = await post({ image: 'nginx' });
  expect(reply.status).toBe(status);
  expect(reply.answer).toEqual({ ok: false, message: 'a sentence for the caller', data: null });
  expect(reply.headers.get('retry-after')).toBe('2');
  expect(reply.text).not.toContain('canary');
  expect(running.logged.join('')).toContain('a sentence for the caller');
});

test('any other failure is 500 and tells the log only', async () => {
  running.maker.failure = new Error('canary');
  const reply = await post({ image: 'nginx' });
  expect(reply.status).toBe(500);
  expect(reply.text).not.toContain('canary');
});
