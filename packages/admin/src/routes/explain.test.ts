import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Running, startAdmin } from '../_fixture.ts';
import { send } from '../_requests.ts';
import { AdminClient } from '../client.ts';

let running: Running;

beforeAll(async () => {
  running = await startAdmin();
});
afterAll(() => running.admin.close());

it('hands the request on as it was asked, also through the client', async () => {
  const client = new AdminClient({ host: '127.0.0.1', port: running.port, token: '' });
  const request = {
    url: 'https://app.test/a%2Fb?x=1&y=2',
    method: 'PUT',
    headers: [
      ['X-One', 'a: b'],
      ['X-Two', ''],
    ],
    client: '192.0.2.1',
    hasClientCertificate: true,
  } as const;
  expect((await client.explain(request)).host).toBe('app.test');
  expect(running.explainer.asked.at(-1)).toEqual(request);
  await client.explain({ url: 'app.test', headers: [], client: '', hasClientCertificate: false });
  expect(running.explainer.asked.at(-1)).toEqual({
    url: 'app.test',
    headers: [],
    client: '',
    hasClientCertificate: false,
  });
});

it('needs no token on loopback, and shows no secret', async () => {
  const reply = await send(running.port, 'GET /explain?url=http://app.test/?token=abcdef');
  expect(reply.status).toBe(200);
  expect(reply.text).not.toMatch(/c2VjcmV0|user:secret|abcdef/);
  expect(reply.text).toContain('***');
});

it.each([
  ['', 'url is missing'],
  ['?url=bad', 'expected a URL'],
  ['?url=a&method=GET&method=PUT', 'method is given 2 times'],
  ['?url=a&url=b', 'url is given 2 times'],
  ['?url=a&header=nonsense', 'expected "Name: value"'],
  ['?url=a&header=X:%201&header=:y', 'expected "Name: value"'],
  ['?url=a&clientCertificate=yes', 'expected true or false'],
  ['?url=a&clinet=::1', 'unknown query key'],
])('GET /explain%s is 400: %s', async (query, message) => {
  const reply = await send(running.port, `GET /explain${query}`);
  expect(reply.status).toBe(400);
  expect(reply.answer).toMatchObject({ ok: false, message: expect.stringContaining(message) as string });
});

it('refuses a URL that is too long for a request', async () => {
  expect((await send(running.port, `GET /explain?url=${'a'.repeat(3_000)}`)).status).toBe(414);
});
