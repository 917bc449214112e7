import { expect, it } from 'vitest';
import { startFakeApi } from '@dproxy/testkit/dns';
import { failureOf, openProvider, recordOf } from './_provider.ts';

const signal = new AbortController().signal;
const record = recordOf('_acme-challenge.example.test', 'digest');

it('posts name and value to /present and /cleanup below the endpoint', async () => {
  await using hook = await startFakeApi(() => ({ status: 200, body: '' }));
  const provider = openProvider('httpreq', { options: { endpoint: `${hook.url}/dns/?tenant=1` } });
  await provider.add(record, signal);
  await provider.remove(record, signal);
  expect(hook.requests.map(({ line }) => line)).toEqual(['POST /dns/present?tenant=1', 'POST /dns/cleanup?tenant=1']);
  expect(hook.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { fqdn: '_acme-challenge.example.test.', value: 'digest' },
    { fqdn: '_acme-challenge.example.test.', value: 'digest' },
  ]);
  expect(hook.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json' });
  expect(hook.requests[0]?.headers.authorization).toBeUndefined();
});

it('posts domain, token and key authorization in RAW mode', async () => {
  await using hook = await startFakeApi(() => ({ status: 204, body: '' }));
  await openProvider('httpreq', { options: { endpoint: hook.url, mode: 'RAW' } }).add(record, signal);
  expect(hook.requests[0]?.line).toBe('POST /present');
  expect(JSON.parse(hook.requests[0]?.body ?? '')).toEqual({
    domain: 'example.test',
    token: '-token',
    keyAuth: '-token.thumbprint',
  });
});

it('authenticates with user and password, which no error shows', async () => {
  await using hook = await startFakeApi(({ headers }) => ({
    status: 401,
    body: `wrong password hook-password in ${headers.authorization ?? ''}`,
  }));
  const options = { endpoint: hook.url, username: 'dproxy', password: 'hook-password' };
  const error = await failureOf(openProvider('httpreq', { options }).add(record, signal));
  const pair = Buffer.from('dproxy:hook-password').toString('base64');
  expect(hook.requests[0]?.headers.authorization).toBe(`Basic ${pair}`);
  expect(error).toMatchObject({
    problem: 'misconfigured',
    advice: expect.stringContaining('acme.dns.password') as string,
  });
  expect(String(error)).not.toContain('hook-password');
  expect(String(error)).not.toContain(pair);
});

it('follows no redirect', async () => {
  await using elsewhere = await startFakeApi(() => ({ status: 200, body: '' }));
  await using hook = await startFakeApi(() => ({
    status: 307,
    body: '',
    headers: { location: `${elsewhere.url}/present` },
  }));
  const error = await failureOf(openProvider('httpreq', { options: { endpoint: hook.url } }).add(record, signal));
  expect(String(error)).toContain('answered 307');
  expect(elsewhere.requests).toEqual([]);
});
