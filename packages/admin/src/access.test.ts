import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AUTHORIZED, type Running, startAdmin, TOKEN } from './_fixture.ts';
import { send, sendRaw } from './_requests.ts';
import { Access } from './access.ts';
import { Lockout } from './lockout.ts';

let running: Running;

beforeEach(async () => {
  running = await startAdmin();
});

afterEach(() => running.admin.close());

describe('without the token, from this machine', () => {
  test.each([
    '/healthz',
    '/service/balancer',
    '/containers',
    '/backends',
    '/routes',
    '/rejected',
    '/wake',
    '/streams',
    '/',
    '/docs',
    '/metrics',
  ])('GET %s is answered', async (path) => {
    expect((await send(running.port, `GET ${path}`)).status).toBe(200);
  });

  test.each(['GET', 'POST'])('%s acts on the workers', async (method) => {
    for (const call of ['start', 'stop', 'resize?size=3']) {
      const reply = await send(running.port, `${method} /service/balancer/${call}`);
      expect(reply.answer).toMatchObject({ ok: true });
    }
    expect(running.balancer.calls).toEqual(['start', 'stop', 'resize 3']);
  });

  test('replacing the workers, which costs much and mends little, needs the token', async () => {
    expect((await send(running.port, 'POST /service/balancer/replace')).status).toBe(401);
    expect((await send(running.port, 'GET /service/balancer/replace', AUTHORIZED)).status).toBe(405);
    expect(running.balancer.calls).toEqual([]);
    expect((await send(running.port, 'POST /service/balancer/replace', AUTHORIZED)).status).toBe(200);
    expect(running.balancer.calls).toEqual(['replace']);
  });

  test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.1', '[::1]'])(
    'Host %s with the port is right',
    async (host) => {
      expect((await send(running.port, 'GET /healthz', { Host: `${host}:${running.port}` })).status).toBe(200);
    },
  );

  test('Sec-Fetch-Site: none, which the address bar sends, is let through', async () => {
    expect((await send(running.port, 'GET /healthz', { 'Sec-Fetch-Site': 'none' })).status).toBe(200);
  });

  test('an unknown endpoint is 404 to read, and needs the token to change', async () => {
    expect((await send(running.port, 'GET /nothing-here')).status).toBe(404);
    expect((await send(running.port, 'POST /nothing-here')).status).toBe(401);
    expect((await send(running.port, 'POST /nothing-here', AUTHORIZED)).status).toBe(404);
  });
});

describe('a web page in a browser on this machine', () => {
  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'app.localhost',
    '127.0.0.1@evil.example',
    '',
  ])('gets nothing with Host %s (DNS rebinding)', async (host) => {
    const reply = await send(running.port, 'GET /service/balancer/stop', { Host: `${host}:${running.port}` });
    expect(reply.status).toBe(401);
    expect(running.balancer.calls).toEqual([]);
  });

  test.each(['localhost', 'localhost:1', 'localhost:', '[::1]'])(
    'gets nothing with Host %s, whose port is wrong',
    async (Host) => {
      expect((await send(running.port, 'GET /healthz', { Host })).status).toBe(401);
    },
  );

  test.each([
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Referer: 'https://evil.example/' },
    { Referer: '' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'same-origin' },
  ])('gets nothing with %o', async (headers) => {
    for (const method of ['GET', 'POST']) {
      const reply = await send(running.port, `${method} /service/balancer/stop`, headers);
      expect(reply.status).toBe(401);
      expect(reply.answer).toMatchObject({ ok: false, data: null });
      expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(running.balancer.calls).toEqual([]);
  });

  test('gets no leave from a preflight', async () => {
    const reply = await send(running.port, 'OPTIONS /service/balancer/stop', {
      Origin: 'https://evil.example',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization',
    });
    expect(reply.status).toBe(401);
    expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([150, 2_500])('cannot hide its Origin behind %i headers', async (count) => {
    const { port } = running;
    const many = 'a:\r\n'.repeat(count);
    const head = `GET /service/balancer/stop HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n`;
    const reply = await sendRaw(port, `${head}${many}Origin: https://evil.example\r\n\r\n`);
    expect(reply.status).toBe(431);
    expect(running.balancer.calls).toEqual([]);
  });
});

test.each([
  { 'X-Forwarded-For': '127.0.0.1' },
  { X_Forwarded_For: '127.0.0.1' },
  { 'X-Forwarded-Host': 'localhost' },
  { Forwarded: 'for=127.0.0.1' },
  { Via: '1.1 proxy' },
  { 'X-Real-IP': '127.0.0.1' },
])('what a proxy on this machine passes on (%o) is not local', async (headers) => {
  expect((await send(running.port, 'GET /healthz', headers)).status).toBe(401);
  expect((await send(running.port, 'GET /healthz', { ...headers, ...AUTHORIZED })).status).toBe(200);
});

test('a second Host, an absolute target and a Host that is absent are refused', async () => {
  const { port } = running;
  const host = `Host: 127.0.0.1:${port}\r\n`;
  expect(
    (await sendRaw(port, `GET /healthz HTTP/1.1\r\n${host}Host: evil\r\nConnection: close\r\n\r\n`)).status,
  ).not.toBe(200);
  expect((await sendRaw(port, `GET http://evil/healthz HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)).status).toBe(
    400,
  );
  expect((await sendRaw(port, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).status).toBe(400);
  expect((await sendRaw(port, 'GET /healthz HTTP/1.0\r\n\r\n')).status).toBe(401);
});

test('the right token may do everything, from any page and with any Host', async () => {
  const headers = { ...AUTHORIZED, Host: 'proxy.example.com', Origin: 'https://other.example' };
  const reply = await send(running.port, 'POST /service/balancer/stop', headers);
  expect(reply.status).toBe(200);
  expect(reply.headers.get('access-control-allow-origin')).toBeUndefined();
  expect(reply.headers.get('cache-control')).toBe('no-store');
});

test.each(['Bearer wrong', `Basic ${TOKEN}`, 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN} ${TOKEN}`, ''])(
  'Authorization: %s is refused, even where none is needed',
  async (Authorization) => {
    const reply = await send(running.port, 'GET /healthz', { Authorization });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(running.logged.join('')).toMatch(/wrong token/);
    expect(running.logged.join('')).not.toMatch(TOKEN);
  },
);

test('two Authorization headers are refused', async () => {
  const field = `Authorization: Bearer ${TOKEN}\r\n`;
  const reply = await sendRaw(
    running.port,
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${field}${field}\r\n`,
  );
  expect(reply.status).not.toBe(200);
});

describe('with a lockout after three wrong tokens', () => {
  let nowMs = 1_000_000;
  let locking: Running;

  beforeEach(async () => {
    locking = await startAdmin({ lockout: new Lockout({ attempts: 3, waitMs: 60_000 }), now: () => nowMs });
  });

  afterEach(() => locking.admin.close());

  test('even the right token has to wait; callers without one do not', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await send(locking.port, 'GET /healthz', { Authorization: 'Bearer guess' })).status).toBe(401);
    }
    const locked = await send(locking.port, 'GET /healthz', AUTHORIZED);
    expect(locked.status).toBe(429);
    expect(locked.headers.get('retry-after')).toBe('60');
    expect((await send(locking.port, 'GET /healthz')).status).toBe(200);
    nowMs += 60_000;
    expect((await send(locking.port, 'GET /healthz', AUTHORIZED)).status).toBe(200);
  });
});

test('api.tokenAlways asks for the token on loopback too', async () => {
  const always = await startAdmin({ tokenAlways: true });
  for (const path of ['/healthz', '/docs', '/unknown']) {
    expect((await send(always.port, `GET ${path}`)).status).toBe(401);
  }
  expect((await send(always.port, 'GET /healthz', AUTHORIZED)).status).toBe(200);
  await always.admin.close();
});

test('an empty token is nobody’s token', async () => {
  const open = await startAdmin({ token: '' });
  expect((await send(open.port, 'GET /healthz', { Authorization: 'Bearer ' })).status).toBe(401);
  expect((await send(open.port, 'GET /healthz')).status).toBe(200);
  await open.admin.close();
});

/** Of this machine, but none of loopback's: the runner of the tests puts one of TEST-NET-1 there. */
function outwardAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, address }) => family === 'IPv4' && !address.startsWith('127.'));
  if (found === undefined) throw new Error('no address but loopback: run scripts/in-test-namespace.sh, or npm test');
  return found.address;
}

test('a peer that is not loopback needs the token, whatever its Host says', async () => {
  const outward = outwardAddress();
  const wide = await startAdmin({}, '0.0.0.0');
  const get = (headers: string): Promise<{ status: number }> =>
    sendRaw(
      wide.port,
      `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${wide.port}\r\nConnection: close\r\n${headers}\r\n`,
      outward,
    );
  expect((await get('')).status).toBe(401);
  expect((await get(`Authorization: Bearer ${TOKEN}\r\n`)).status).toBe(200);
  await wide.admin.close();
});

test('a dual-stack socket shows loopback as a mapped address, and it is loopback', async () => {
  const wide = await startAdmin({}, '::');
  expect((await send(wide.port, 'GET /healthz')).status).toBe(200);
  await wide.admin.close();
});

test('beyond loopback nothing listens without a token', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '']) {
    await expect(startAdmin({ token: '' }, host)).rejects.toThrow(/set DOCKER_PROXY_API_TOKEN/);
  }
});

test.each([
  ['192.0.2.1', '127.0.0.1'],
  ['127.0.0.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '::1'],
  ['::1%eth0', '::1'],
  ['', ''],
])('both ends have to be loopback: from %s to %s is not local', (remoteAddress, localAddress) => {
  const access = new Access({ token: TOKEN, tokenAlways: false });
  const caller = { remoteAddress, localAddress, localPort: 16_000, rawHeaders: ['Host', 'localhost:16000'] };
  expect(access.judge(caller, true, 0)).toMatchObject({ type: 'refused', status: 401 });
  const local = { ...caller, remoteAddress: '::ffff:127.0.0.1', localAddress: '127.0.0.1' };
  expect(access.judge(local, true, 0)).toEqual({ type: 'allowed', by: 'loopback' });
});
