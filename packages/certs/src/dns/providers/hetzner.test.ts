// Against a fake of the API, written from its public documentation: https://docs.hetzner.cloud/reference/cloud#dns
import { expect, it } from 'vitest';
import { startFakeApi, type FakeApi, type FakeApiAnswer } from '@dproxy/testkit/dns';
import { failureOf, openProvider, recordOf } from './_provider.ts';

const signal = new AbortController().signal;

/** One zone with one set of TXT records; actions run on for one question. */
function startHetzner(values: string[]): Promise<FakeApi> {
  return startFakeApi(({ method, url, headers, body }) => {
    if (headers.authorization !== 'Bearer good') return refusal(401, 'unauthorized', 'unable to authenticate');
    if (url.pathname.startsWith('/actions/')) return action(200, 'success');
    const [, , zone = '', ...rest] = url.pathname.split('/');
    if (!['example.test', '42'].includes(zone)) return refusal(404, 'not_found', 'zone not found');
    if (rest.length === 0) return { status: 200, body: '{"zone":{"id":42,"name":"example.test"}}' };
    if (method === 'GET') {
      const records = values.map((value) => ({ value, comment: null }));
      return values.length === 0
        ? refusal(404, 'not_found', 'rrset not found')
        : { status: 200, body: JSON.stringify({ rrset: { records } }) };
    }
    const { records } = JSON.parse(body) as { records: { value: string }[] };
    if (url.pathname.endsWith('/add_records')) values.push(...records.map(({ value }) => value));
    else for (const { value } of records) values.splice(values.indexOf(value), 1);
    return action(201, 'running');
  });
}

function action(status: number, state: string): FakeApiAnswer {
  return { status, body: JSON.stringify({ action: { id: 5, status: state, error: null } }) };
}

function refusal(status: number, code: string, message: string): FakeApiAnswer {
  return { status, body: JSON.stringify({ error: { code, message } }) };
}

it('adds a value once beside the others, waits for the action and removes just that value', async () => {
  const values = ['"of somebody else"'];
  await using api = await startHetzner(values);
  const provider = openProvider('hetzner', { options: { token: 'good', endpoint: api.url } });
  const record = recordOf('_acme-challenge.www.example.test', 'digest');
  await provider.add(record, signal);
  await provider.add(record, signal);
  expect(values).toEqual(['"of somebody else"', '"digest"']);
  await provider.remove(record, signal);
  await provider.remove(record, signal);
  expect(values).toEqual(['"of somebody else"']);
  const set = '/zones/42/rrsets/_acme-challenge.www/TXT';
  expect(api.requests.map(({ line }) => line)).toEqual([
    'GET /zones/www.example.test',
    'GET /zones/example.test',
    `GET ${set}`,
    `POST ${set}/actions/add_records`,
    'GET /actions/5',
    `GET ${set}`,
    `GET ${set}`,
    `POST ${set}/actions/remove_records`,
    'GET /actions/5',
    `GET ${set}`,
  ]);
  expect(JSON.parse(api.requests[3]?.body ?? '')).toEqual({ records: [{ value: '"digest"' }] });
});

it('names the TTL of a set that it makes, under the zone’s own name, too', async () => {
  await using api = await startHetzner([]);
  const provider = openProvider('hetzner', { options: { token: 'good', endpoint: api.url } });
  await provider.add(recordOf('example.test', 'digest'), signal);
  expect(api.requests[2]?.line).toBe('POST /zones/42/rrsets/%40/TXT/actions/add_records');
  expect(JSON.parse(api.requests[2]?.body ?? '')).toEqual({ ttl: 60, records: [{ value: '"digest"' }] });
});

it('says that tokens of the old DNS console do not work', async () => {
  await using api = await startHetzner([]);
  const provider = openProvider('hetzner', { options: { token: 'old', endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf('_acme-challenge.example.test', 'digest'), signal));
  expect(error).toMatchObject({
    problem: 'misconfigured',
    message: 'Hetzner answered 401 for zone example.test: unable to authenticate (unauthorized)',
    advice: expect.stringContaining('old DNS console') as string,
  });
});

it('says why an action failed', async () => {
  await using api = await startFakeApi(({ url, method }) => {
    if (method === 'POST')
      return {
        status: 201,
        body: '{"action":{"id":5,"status":"error","error":{"code":"zone_locked","message":"The zone is locked"}}}',
      };
    return url.pathname.includes('rrsets')
      ? refusal(404, 'not_found', '')
      : { status: 200, body: '{"zone":{"id":42}}' };
  });
  const provider = openProvider('hetzner', { options: { token: 'good', endpoint: api.url } });
  const error = await failureOf(provider.add(recordOf('_acme-challenge.example.test', 'digest'), signal));
  expect(String(error)).toContain('The zone is locked (zone_locked)');
});
