// Against a fake of the API, written from its public documentation:
// https://developers.cloudflare.com/api/resources/zones/methods/list/
// https://developers.cloudflare.com/api/resources/dns/subresources/records/
import { expect, it } from 'vitest';
import { startFakeApi, type FakeApi, type FakeApiAnswer } from '@dproxy/testkit/dns';
import { failureOf, openProvider, recordOf } from './_provider.ts';

const signal = new AbortController().signal;
const TOKEN = 'cf-token-with-rights';

interface FakeRecord {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly content: string;
}

/** Two zones, one of which is in another one; `pending.test` was never delegated. */
function startCloudflare(records: FakeRecord[]): Promise<FakeApi> {
  const zones = [
    { id: 'z1', name: 'example.test', status: 'active' },
    { id: 'z2', name: 'sub.example.test', status: 'active' },
    { id: 'z3', name: 'pending.test', status: 'pending' },
  ];
  return startFakeApi(({ method, url, headers, body }) => {
    if (headers.authorization !== `Bearer ${TOKEN}`)
      return refusal(403, 9109, `Invalid access token ${headers.authorization ?? ''}`);
    if (url.pathname === '/zones') {
      return success(zones.filter(({ name }) => name === url.searchParams.get('name')));
    }
    const id = /^\/zones\/z[12]\/dns_records(?:\/(\w+))?$/.exec(url.pathname)?.[1];
    if (method === 'GET') {
      const name = url.searchParams.get('name.exact');
      return success(records.filter((record) => record.name === name && record.type === url.searchParams.get('type')));
    }
    if (method === 'DELETE') {
      records.splice(
        records.findIndex((record) => record.id === id),
        1,
      );
      return success({ id });
    }
    const wanted = JSON.parse(body) as Omit<FakeRecord, 'id'>;
    const isThere = records.some(({ name, content }) => name === wanted.name && content === wanted.content);
    if (isThere) return refusal(400, 81058, 'An identical record already exists.');
    records.push({ ...wanted, id: `r${records.length + 1}` });
    return success(records.at(-1));
  });
}

function success(result: unknown): FakeApiAnswer {
  return { status: 200, body: JSON.stringify({ success: true, errors: [], result }) };
}

function refusal(status: number, code: number, message: string): FakeApiAnswer {
  return { status, body: JSON.stringify({ success: false, errors: [{ code, message }], result: null }) };
}

it('finds the longest zone, adds the value and deletes just that record', async () => {
  const other = { id: 'other', type: 'TXT', name: '_acme-challenge.a.sub.example.test', content: '"of somebody else"' };
  const records: FakeRecord[] = [other];
  await using api = await startCloudflare(records);
  const provider = openProvider('cloudflare', { options: { token: TOKEN, endpoint: api.url } });
  const record = recordOf('_acme-challenge.a.sub.example.test', 'digest');
  await provider.add(record, signal);
  expect(records.map(({ content }) => content)).toEqual(['"of somebody else"', '"digest"']);
  await provider.remove(record, signal);
  expect(records).toEqual([other]);
  expect(api.requests.map(({ line }) => line)).toEqual([
    'GET /zones?name=a.sub.example.test&per_page=50',
    'GET /zones?name=sub.example.test&per_page=50',
    'POST /zones/z2/dns_records',
    'GET /zones/z2/dns_records?type=TXT&name.exact=_acme-challenge.a.sub.example.test&per_page=100',
    'DELETE /zones/z2/dns_records/r2',
  ]);
  expect(JSON.parse(api.requests[2]?.body ?? '')).toEqual({
    type: 'TXT',
    name: '_acme-challenge.a.sub.example.test',
    content: '"digest"',
    ttl: 120,
  });
});

it('takes an identical record as made, and one that is not there as removed', async () => {
  await using api = await startCloudflare([]);
  const provider = openProvider('cloudflare', { options: { token: TOKEN, endpoint: api.url } });
  const record = recordOf('_acme-challenge.example.test', 'digest');
  await provider.add(record, signal);
  await provider.add(record, signal);
  await provider.remove(record, signal);
  await provider.remove(record, signal);
  expect(api.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
});

it('finds zones with the token that is for them', async () => {
  await using api = await startCloudflare([]);
  const provider = openProvider('cloudflare', { options: { token: 'edits', zoneToken: TOKEN, endpoint: api.url } });
  await failureOf(provider.add(recordOf('_acme-challenge.example.test', 'digest'), signal));
  expect(api.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
    ['GET', `Bearer ${TOKEN}`],
    ['POST', 'Bearer edits'],
  ]);
});

it('sends the account with its global key where there is no token', async () => {
  await using api = await startCloudflare([]);
  const options = { email: 'me@example.test', apiKey: 'global-key', endpoint: api.url };
  await failureOf(openProvider('cloudflare', { options }).add(recordOf('_acme-challenge.example.test', 'd'), signal));
  expect(api.requests[0]?.headers).toMatchObject({ 'x-auth-email': 'me@example.test', 'x-auth-key': 'global-key' });
  expect(api.requests[0]?.headers.authorization).toBeUndefined();
});

it('says which rights the token lacks, and never the token', async () => {
  await using api = await startCloudflare([]);
  const provider = openProvider('cloudflare', { options: { token: 'secret-without-rights', endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf('_acme-challenge.example.test', 'digest'), signal));
  expect(error).toMatchObject({
    name: 'IssueError',
    problem: 'misconfigured',
    message: 'Cloudflare answered 403 for zone example.test: Invalid access token Bearer [secret] (code 9109)',
    advice: expect.stringContaining('Zone / DNS / Edit') as string,
  });
});

it('does not take a zone that is not active', async () => {
  await using api = await startCloudflare([]);
  const provider = openProvider('cloudflare', { options: { token: TOKEN, endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf('_acme-challenge.pending.test', 'digest'), signal));
  expect(String(error)).toContain('Cloudflare has no zone for _acme-challenge.pending.test');
});
