import type { Filter, HeaderChange } from '@dproxy/core';
import { Origin, respond } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { ask, values } from './fixtures/ask.ts';

const change = (operation: HeaderChange['operation'], name: string, value = ''): HeaderChange => ({
  operation,
  name,
  value,
});
const request = (...changes: HeaderChange[]): Filter => ({ type: 'headers', request: changes, response: [] });
const response = (...changes: HeaderChange[]): Filter => ({ type: 'headers', request: [], response: changes });

it('replaces, adds and removes lines of the request, the later filter last', async () => {
  const { seen } = await ask(
    [
      request(change('set', 'x-a', '1'), change('set', 'x-b', '1')),
      request(change('remove', 'x-b'), change('add', 'x-a', '2'), change('add', 'x-c', 'ours')),
    ],
    { headers: 'X-A: client\r\nX-B: client\r\nX-C: client\r\n' },
  );
  expect(values(seen, 'x-a')).toEqual(['1', '2']);
  expect(values(seen, 'x-b')).toEqual([]);
  expect(values(seen, 'x-c')).toEqual(['client', 'ours']);
});

it('takes what only looks like the field that it sets', async () => {
  const { seen } = await ask([request(change('set', 'x-auth-user', 'us'))], {
    headers: 'X_Auth_User: me\r\nx-auth_user: me\r\nX-Auth-User: me\r\nX.Auth.User: me\r\n',
  });
  expect(seen?.headers.filter(([, value]) => value === 'me' || value === 'us')).toEqual([['x-auth-user', 'us']]);
});

it('sets what a client may not, and what dproxy says of the client', async () => {
  const { seen } = await ask([request(change('set', 'x-forwarded-proto', 'https'), change('set', 'host', 'b.test'))], {
    headers: 'X-Forwarded-Proto: ftp\r\n',
  });
  expect(values(seen, 'x-forwarded-proto')).toEqual(['https']);
  expect(values(seen, 'host')).toEqual(['b.test']);
  expect(values(seen, 'x-forwarded-host')).toEqual(['a.test']);
});

it('cannot be undone by a Connection that names the field', async () => {
  const { seen } = await ask([request(change('set', 'x-auth-user', 'us'))], {
    headers: 'Connection: x-auth-user, x-forwarded-for\r\nX-Auth-User: me\r\n',
  });
  expect(values(seen, 'x-auth-user')).toEqual(['us']);
  expect(values(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
});

it('leaves framing and connection alone', async () => {
  const names = ['content-length', 'Transfer-Encoding', 'connection', 'upgrade', 'te', 'trailer', 'content_length'];
  const { seen } = await ask([request(...names.map((name) => change('set', name, '7')))]);
  expect(seen?.headers.filter(([, value]) => value === '7')).toEqual([]);
});

it.each([
  ['x', 'a\r\nHost: b'],
  ['x', 'a\u010ab'],
  ['x y', 'a'],
])('a route that would set %j to %j is not served', async (name, value) => {
  const { response: answer } = await ask([request(change('set', name, value))]);
  expect(answer.status).toBe(404);
});

it('changes answers on their way back: the first filter has the last word', async () => {
  await using origin = await Origin.start(
    respond({
      headers: [
        ['Server', 'secret'],
        ['X-A', 'backend'],
      ],
    }),
  );
  const filters = [
    response(change('set', 'x-a', 'first'), change('remove', 'server')),
    response(change('set', 'x-a', 'second'), change('add', 'x-b', '1')),
  ];
  await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters }] });
  using client = await edge.connect();
  await client.write(getRequest());
  const answer = await client.readResponse();
  expect([values(answer, 'x-a'), values(answer, 'x-b'), values(answer, 'server')]).toEqual([['first'], ['1'], []]);
});

it('the rules of the route have the very last word', async () => {
  const headers = { requestSet: [['x-a', 'rule']] as const, responseSet: [['x-b', 'rule']] as const };
  const filters = [request(change('set', 'x-a', 'filter')), response(change('set', 'x-b', 'filter'))];
  const { seen, response: answer } = await ask(filters, { route: { headers } });
  expect([values(seen, 'x-a'), values(answer, 'x-b')]).toEqual([['rule'], ['rule']]);
});

it('holds for pages of ours, too: of errors, and of filters behind it', async () => {
  const security = response(change('set', 'x-frame-options', 'DENY'), change('set', 'content-length', '1'));
  const offline = await ask([security], { route: { to: { port: 1, state: 'stopped' } } });
  expect(offline.response.status).toBe(503);
  expect(values(offline.response, 'x-frame-options')).toEqual(['DENY']);
  const closed: Filter = { type: 'allowHosts', hosts: ['b.test'] };
  expect(values((await ask([security, closed])).response, 'x-frame-options')).toEqual(['DENY']);
  expect(values((await ask([closed, security])).response, 'x-frame-options')).toEqual([]);
});

it('holds for a route that answers by itself', async () => {
  const action = { type: 'respond', status: 200, body: 'hi', headers: [] } as const;
  const { response: answer } = await ask([response(change('set', 'x-a', '1'))], { route: { action } });
  expect([answer.status, values(answer, 'x-a')]).toEqual([200, ['1']]);
});
