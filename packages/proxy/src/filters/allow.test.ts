import type { AllowClientsFilter, Filter } from '@dproxy/core';
import { expect, it } from 'vitest';
import { ask } from './fixtures/ask.ts';

const clients = (ranges: readonly string[], by: Partial<AllowClientsFilter['by']> = {}, status = 403): Filter => ({
  type: 'allowClients',
  ranges,
  by: { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0, ...by },
  status,
});
const TRUSTED = { trustedProxies: ['127.0.0.1'] };
const via = (list: string) => ({ headers: `X-Forwarded-For: ${list}\r\n` });

it.each<[string, Filter, object, number]>([
  ['an address of the list', clients(['127.0.0.0/8']), {}, 200],
  ['no other', clients(['192.0.2.0/24']), {}, 403],
  ['nobody when the list is empty', clients([]), {}, 403],
  ['with another status', clients([], {}, 404), {}, 404],
  ['not who only says that it is listed', clients(['192.0.2.1']), via('192.0.2.1'), 403],
  ['whom a trusted proxy has seen', clients(['192.0.2.1']), { settings: TRUSTED, ...via('192.0.2.1') }, 200],
  [
    'not what a client told the proxy',
    clients(['192.0.2.1']),
    { settings: TRUSTED, ...via('192.0.2.1, 198.51.100.1') },
    403,
  ],
  [
    'a hop by its place',
    clients(['192.0.2.1'], { depth: 2 }),
    { settings: TRUSTED, ...via('192.0.2.1, 10.0.0.1') },
    200,
  ],
  ['no hop of an untrusted client', clients(['192.0.2.1'], { depth: 1 }), via('192.0.2.1'), 403],
  [
    'the first that is not passed over',
    clients(['192.0.2.1'], { excluded: ['10.0.0.0/8'] }),
    { settings: TRUSTED, ...via('192.0.2.1, 10.0.0.1') },
    200,
  ],
])('lets in %s', async (_, filter, more, status) => {
  const { response, seen } = await ask([filter], more);
  expect(response.status).toBe(status);
  expect(seen === undefined).toBe(status !== 200);
});

it.each([
  [['a.test'], 200],
  [['A.TEST.'], 200],
  [['b.test', '*.test'], 403],
])('hosts %j: %i', async (hosts, status) => {
  const { response } = await ask([{ type: 'allowHosts', hosts }], { host: 'a.test:80' });
  expect(response.status).toBe(status);
});
