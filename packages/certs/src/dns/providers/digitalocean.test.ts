// Against a fake of the API, written from its public documentation:
// https://docs.digitalocean.com/products/networking/dns/reference/api/domain-records
import { expect, it } from 'vitest';
import { startFakeApi, type FakeApi } from '@dproxy/testkit/dns';
import { failureOf, openProvider, recordOf } from './_provider.ts';

const signal = new AbortController().signal;

interface FakeRecord {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly data: string;
}

function startDigitalOcean(records: FakeRecord[]): Promise<FakeApi> {
  return startFakeApi(({ method, url, headers, body }) => {
    if (headers.authorization !== 'Bearer dop_v1_good') {
      return { status: 403, body: '{"id":"forbidden","message":"You are not authorized to perform this operation"}' };
    }
    const path = url.pathname.split('/').slice(3);
    if (path[0] !== 'example.test') return { status: 404, body: '{"id":"not_found","message":"not found"}' };
    if (path.length === 1) return { status: 200, body: '{"domain":{"name":"example.test"}}' };
    if (method === 'GET') {
      const found = records.filter(
        ({ name, type }) =>
          `${name}.example.test` === url.searchParams.get('name') && type === url.searchParams.get('type'),
      );
      return { status: 200, body: JSON.stringify({ domain_records: found, meta: { total: found.length } }) };
    }
    if (method === 'DELETE') {
      records.splice(
        records.findIndex(({ id }) => id === Number(path[2])),
        1,
      );
      return { status: 204, body: '' };
    }
    records.push({ ...(JSON.parse(body) as Omit<FakeRecord, 'id'>), id: records.length + 100 });
    return { status: 201, body: JSON.stringify({ domain_record: records.at(-1) }) };
  });
}

it('adds a value once beside the others and deletes just that record', async () => {
  const other = { id: 7, type: 'TXT', name: '_acme-challenge.www', data: 'of somebody else' };
  const records: FakeRecord[] = [other];
  await using api = await startDigitalOcean(records);
  const provider = openProvider('digitalocean', { options: { token: 'dop_v1_good', endpoint: api.url } });
  const record = recordOf('_acme-challenge.www.example.test', 'digest');
  await provider.add(record, signal);
  await provider.add(record, signal);
  expect(records).toEqual([other, { id: 101, type: 'TXT', name: '_acme-challenge.www', data: 'digest', ttl: 30 }]);
  await provider.remove(record, signal);
  await provider.remove(record, signal);
  expect(records).toEqual([other]);
  expect(api.requests.map(({ line }) => line).slice(0, 4)).toEqual([
    'GET /v2/domains/www.example.test',
    'GET /v2/domains/example.test',
    'GET /v2/domains/example.test/records?type=TXT&name=_acme-challenge.www.example.test&per_page=200',
    'POST /v2/domains/example.test/records',
  ]);
});

it('says which scopes the token lacks', async () => {
  await using api = await startDigitalOcean([]);
  const provider = openProvider('digitalocean', { options: { token: 'dop_v1_bad', endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf('_acme-challenge.example.test', 'digest'), signal));
  expect(error).toMatchObject({
    problem: 'misconfigured',
    message: expect.stringContaining('answered 403') as string,
    advice: expect.stringContaining('domain:create') as string,
  });
});

it('says that no domain of the account has the name', async () => {
  await using api = await startDigitalOcean([]);
  const provider = openProvider('digitalocean', { options: { token: 'dop_v1_good', endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf('_acme-challenge.elsewhere.test', 'digest'), signal));
  expect(String(error)).toContain('DigitalOcean has no zone for _acme-challenge.elsewhere.test');
});
