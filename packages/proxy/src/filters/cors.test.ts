import type { CorsFilter } from '@dproxy/core';
import { Origin, respond } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { getRequest, startEdge } from '../fixtures/edge.ts';
import { ask, values } from './fixtures/ask.ts';

const CORS: CorsFilter = {
  type: 'cors',
  origins: ['https://app.test'],
  originPatterns: ['^https://[a-z]+\\.app\\.test$'],
  methods: ['GET', 'PUT'],
  headers: ['x-token'],
  exposed: ['x-total'],
  credentials: true,
  maxAgeS: 60,
  vary: false,
};
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: `Origin: ${origin}\r\nAccess-Control-Request-Method: PUT\r\n`,
});

it('answers a preflight request itself', async () => {
  const { response, seen } = await ask([CORS], preflight('https://app.test'));
  expect(seen).toBeUndefined();
  expect(response.status).toBe(204);
  expect(response.headers.filter(([name]) => /^(?:access|vary|content-length)/.test(name))).toEqual([
    ['access-control-allow-origin', 'https://app.test'],
    ['access-control-allow-credentials', 'true'],
    ['access-control-allow-methods', 'GET, PUT'],
    ['access-control-allow-headers', 'x-token'],
    ['access-control-max-age', '60'],
    ['vary', 'origin, access-control-request-method, access-control-request-headers'],
  ]);
});

it.each(['https://evil.test', 'null', 'https://app.test.evil.test', 'https://app.test, https://app.test'])(
  'tells %s nothing',
  async (origin) => {
    const { response } = await ask([CORS], preflight(origin));
    expect(response.status).toBe(204);
    expect(response.raw).not.toMatch(/^access-control/im);
    const plain = await ask([CORS], { headers: `Origin: ${origin}\r\n` });
    expect(plain.seen).toBeDefined();
    expect(plain.response.raw).not.toMatch(/^access-control/im);
  },
);

it('OPTIONS that is no preflight goes to the backend', async () => {
  const { seen } = await ask([CORS], { method: 'OPTIONS', headers: 'Origin: https://app.test\r\n' });
  expect(seen?.method).toBe('OPTIONS');
});

it('replaces what the backend says of origins, and says that answers differ', async () => {
  await using origin = await Origin.start(
    respond({
      headers: [
        ['Access-Control-Allow-Origin', '*'],
        ['Vary', 'accept'],
      ],
    }),
  );
  await using edge = await startEdge({ routes: [{ host: 'a.test', to: origin, filters: [CORS] }] });
  using client = await edge.connect();
  await client.write(getRequest('a.test', '/', 'Origin: https://x.app.test\r\n'));
  const response = await client.readResponse();
  expect(values(response, 'access-control-allow-origin')).toEqual(['https://x.app.test']);
  expect(values(response, 'access-control-expose-headers')).toEqual(['x-total']);
  expect(values(response, 'vary')).toEqual(['accept', 'origin']);
});

it('never repeats an origin that only * allows', async () => {
  const { response } = await ask([{ ...CORS, origins: ['*'] }], { headers: 'Origin: https://evil.test\r\n' });
  expect(values(response, 'access-control-allow-origin')).toEqual(['*']);
  expect(values(response, 'vary')).toEqual([]);
});

it('holds for errors of ours: a page of another origin learns of them', async () => {
  const { response } = await ask([CORS], {
    headers: 'Origin: https://app.test\r\n',
    route: { to: { port: 1, state: 'stopped' } },
  });
  expect([response.status, values(response, 'access-control-allow-origin')]).toEqual([503, ['https://app.test']]);
});
