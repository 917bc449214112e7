import type { BasicAuthFilter } from '@dproxy/core';
import { eventually, Origin, respond } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { getRequest, startEdge } from '../../fixtures/edge.ts';
import { ask, values } from '../fixtures/ask.ts';

const BCRYPT = '$2y$04$mDGU0f1cbMF2fjq3.z01cuN/BK8a7P76Y9HPHt7xyVGF/zIl.ouo.';
/** `right`, with 2^10 rounds: a tenth of a second of work and more. */
const SLOW = '$2b$10$iOQzwcd9Xc0q5/sZYzBF0e5SzNnijIe7VjDrEi6DVP7Fzafcc8Fdq';
const AUTH: BasicAuthFilter = {
  type: 'basicAuth',
  users: [
    ['bcrypt', BCRYPT],
    ['apr1', '$apr1$abcdefgh$RyjZxelGXAYi.LdJNTfln/'],
    ['md5', '$1$xyz$qUYzyCcjMnuUdvZ0GH8cA/'],
    ['sha', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
  ],
  realm: 'my "realm"\\',
  removeHeader: true,
  userHeader: 'x-user',
};

function login(credentials: string): string {
  return `Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
}

describe('basic auth', () => {
  it.each(['bcrypt:right', 'apr1:secret ä', 'md5:b', 'sha:password'])(
    'lets %s in, and tells the backend who it is',
    async (text) => {
      const { response, seen } = await ask([AUTH], { headers: `${login(text)}X-User: root\r\nX_User: root\r\n` });
      expect(response.status).toBe(200);
      expect(seen?.headers.filter(([name]) => /^(?:authorization|x.user)$/i.test(name))).toEqual([
        ['x-user', text.slice(0, text.indexOf(':'))],
      ]);
    },
  );

  it('leaves the header where it is told to', async () => {
    const { seen } = await ask([{ ...AUTH, removeHeader: false, userHeader: '' }], { headers: login('sha:password') });
    expect(values(seen, 'authorization')).toHaveLength(1);
    expect(values(seen, 'x-user')).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['a wrong password', login('bcrypt:wrong')],
    ['a wrong password of MD5', login('apr1:secret a')],
    ['a wrong password of SHA-1', login('sha:Password')],
    ['a name that nobody has', login('nobody:right')],
    ['a name like a property', login('__proto__:right')],
    ['no password', login('bcrypt')],
    ['an empty name', login(':right')],
    ['a password with NUL', login('bcrypt:right\0')],
    ['a password that bcrypt would cut', login(`bcrypt:${'x'.repeat(80)}`)],
    ['what is no base64', 'Authorization: Basic %%%\r\n'],
    ['another scheme', 'Authorization: Bearer YmNyeXB0OnJpZ2h0\r\n'],
    ['two of them', login('bcrypt:right') + login('bcrypt:right')],
    ['kilobytes', login(`bcrypt:${'x'.repeat(4_000)}`)],
  ])('answers %s with 401', async (_, headers) => {
    const { response, seen } = await ask([AUTH], { headers });
    expect(seen).toBeUndefined();
    expect(response.status).toBe(401);
    expect(values(response, 'www-authenticate')).toEqual(['Basic realm="my \\"realm\\"\\\\", charset="UTF-8"']);
  });

  it('serves no route whose hashes it cannot check, and lets nobody in when there is nobody', async () => {
    const of = async (hash: string) =>
      (await ask([{ ...AUTH, users: [['a', hash]] }], { headers: login('a:a') })).response.status;
    expect(await of('plain')).toBe(404);
    expect(await of(BCRYPT.replace('$04$', '$31$'))).toBe(404);
    expect((await ask([{ ...AUTH, users: [] }], { headers: login(':') })).response.status).toBe(401);
  });
});

it('knows a login that it has checked, until the list changes', async () => {
  await using origin = await Origin.start(respond({ body: 'in' }));
  const spec = (hash: string) => ({
    routes: [{ host: 'a.test', to: origin, filters: [{ ...AUTH, users: [['a', hash]] as const }] }],
  });
  await using edge = await startEdge(spec(BCRYPT));
  using client = await edge.connect();
  const status = async (password: string): Promise<number> => {
    await client.write(getRequest('a.test', '/', login(`a:${password}`)));
    return (await client.readResponse()).status;
  };
  expect([await status('right'), await status('right'), await status('wrong'), await status('wrong')]).toEqual([
    200, 200, 401, 401,
  ]);
  await edge.apply(spec('$apr1$abcdefgh$RyjZxelGXAYi.LdJNTfln/'));
  expect([await status('right'), await status('secret ä')]).toEqual([401, 200]);
});

it('a flood of wrong passwords holds up nobody else', async () => {
  await using origin = await Origin.start(respond({ body: 'in' }));
  const routes = [
    { host: 'a.test', to: origin, filters: [{ ...AUTH, users: [['a', SLOW]] as const }] },
    { host: 'b.test', to: origin },
  ];
  await using edge = await startEdge({ routes });
  const flood = await Promise.all(Array.from({ length: 100 }, () => edge.connect()));
  const statuses: number[] = [];
  const answers = flood.map(async (client, index) => {
    await client.write(getRequest('a.test', '/', login(`a:wrong${index}`)));
    statuses.push((await client.readResponse()).status);
  });
  using other = await edge.connect();
  for (let count = 0; count < 200; count++) {
    await other.write(getRequest('b.test'));
    expect((await other.readResponse()).status).toBe(200);
  }
  // The thread has work for seconds still.
  expect(statuses.filter((status) => status === 401).length).toBeLessThan(16);
  for (const client of flood) client.reset();
  await Promise.allSettled(answers);
  // More than a client may have waiting was turned away at once.
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status === 200)).toEqual([]);
});

it('checks no password for a client that has gone away', async () => {
  await using origin = await Origin.start(respond({ body: 'in' }));
  const routes = [{ host: 'a.test', to: origin, filters: [{ ...AUTH, users: [['a', SLOW]] as const }] }];
  await using edge = await startEdge({ routes });
  const ask = async (password: string) => {
    const client = await edge.connect();
    await client.write(getRequest('a.test', '/', login(`a:${password}`)));
    return client;
  };
  const impatient = [];
  for (let index = 0; index < 12; index++) impatient.push(await ask(`wrong${index}`));
  await eventually(() => edge.plane.stats().requests === 12);
  for (const client of impatient) client.reset();
  await eventually(() => edge.plane.stats().routes[0]?.active === 0);
  const answered = edge.plane.stats().routes[0]?.requests ?? 0;
  // Twelve places of this client's sixteen are free again, but for the one that is being checked.
  const patient = await Promise.all(Array.from({ length: 15 }, (_, index) => ask(`other${index}`)));
  await eventually(() => edge.plane.stats().requests === answered + 15);
  expect(edge.plane.stats().errors['logins-busy']).toBeUndefined();
  for (const client of patient) client.reset();
});
