import { echo, type Echo, listenerOf, Origin, RawClient } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { PATHS, startEdge } from './edge.ts';

/** Everything by which a request may say where it comes from, or what dproxy says to backends. */
const CLAIMS: readonly (readonly [name: string, value: string])[] = [
  ['X-Forwarded-For', '6.6.6.6'],
  ['x-forwarded-for', '6.6.6.6, 127.0.0.1'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Protocol', 'https'],
  ['X-Forwarded-Ssl', 'on'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Port', '6666'],
  ['X-Forwarded-Server', 'evil.example'],
  ['X-Forwarded-Prefix', '/evil'],
  ['X-Forwarded-Uri', '/evil'],
  ['X-Forwarded-Method', 'DELETE'],
  ['X-Forwarded-User', 'root'],
  ['X-Forwarded-Client-Cert', 'Hash=evil'],
  ['X-Forwarded-Anything-New', 'evil'],
  ['X-Forwarded', 'for=6.6.6.6'],
  ['Forwarded', 'for=6.6.6.6;proto=https;host=evil.example'],
  ['X-Real-IP', '6.6.6.6'],
  ['X-REAL-IP', '6.6.6.6'],
  ['X-Debug', 'evil'],
  ['X-Debug-Backend', 'evil'],
  ['X-Debug-Time-Total', 'evil'],
  ['x-debug-anything', 'evil'],
  ['Proxy', 'http://evil.example'],
];
const FORGED = /6\.6\.6\.6|evil|6666|root/;

function valuesOf(seen: Echo, name: string): string[] {
  return seen.headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
}

async function ask(port: number, fields: string, localAddress = '127.0.0.1'): Promise<Echo> {
  using client = await RawClient.connect({ port, localAddress });
  await client.write(`GET / HTTP/1.1\r\nHost: a.example:8080\r\n${fields}\r\n`);
  return JSON.parse((await client.readResponse()).body.text) as Echo;
}

describe.each(PATHS)('row 22 on the %s path: who the client is', (path) => {
  const untrusted = { trustedProxies: ['192.0.2.0/24', '::ffff:198.51.100.0/120'] };

  it.each(CLAIMS)('is not what an untrusted client says: %s', async (name, value) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'a.example', to: origin }], settings: untrusted });
    for (const fields of [
      `${name}: ${value}\r\n`,
      `${name}: ${value}\r\n`.repeat(3),
      `${name.toUpperCase()}:${value}\r\n`,
    ]) {
      const seen = await ask(edge.port(), fields);
      expect(JSON.stringify(seen.headers)).not.toMatch(FORGED);
      for (const [own, expected] of [
        ['x-real-ip', '127.0.0.1'],
        ['x-forwarded-for', '127.0.0.1'],
        ['x-forwarded-proto', 'http'],
        ['x-forwarded-port', '80'],
        ['x-forwarded-host', 'a.example:8080'],
        ['x-forwarded-server', 'edge.test'],
      ] as const) {
        expect([own, valuesOf(seen, own)]).toEqual([own, [expected]]);
      }
    }
  });

  it.each([
    ['the right-most that is not trusted', '6.6.6.6, 203.0.113.9, 127.0.0.9', '203.0.113.9'],
    ['the one with a port', '6.6.6.6, 203.0.113.9:1234', '203.0.113.9'],
    ['IPv6 in brackets', '6.6.6.6, [2001:db8::1]:1234', '2001:db8::1'],
    ['a mapped address, unmapped', '6.6.6.6, ::ffff:203.0.113.9', '203.0.113.9'],
    ['the last trusted one, where the next is no address', '6.6.6.6, unknown, 127.0.0.9', '127.0.0.9'],
    ['the peer, where nothing is readable', 'a\xffb', '127.0.0.1'],
    ['the peer, for an octal address', '0177.0.0.1', '127.0.0.1'],
    ['the peer, for an entry of a kilobyte', '1'.repeat(1_000), '127.0.0.1'],
    ['the first of all trusted ones', '127.0.0.8, 127.0.0.9', '127.0.0.8'],
  ])('is what a trusted proxy vouches for: %s', async (_name, claim, expected) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      settings: { trustedProxies: ['127.0.0.0/8'] },
    });
    const seen = await ask(edge.port(), `X-Forwarded-For: ${claim}\r\n`);
    expect(valuesOf(seen, 'x-real-ip')).toEqual([expected]);
    expect(valuesOf(seen, 'x-forwarded-for')).toHaveLength(1);
    expect(valuesOf(seen, 'x-forwarded-for')[0]).toMatch(/(?:^|, )127\.0\.0\.1$/);
  });

  it.each([
    ['X-Forwarded-Proto', 'javascript', 'x-forwarded-proto', 'http'],
    ['X-Forwarded-Proto', 'https, http', 'x-forwarded-proto', 'http'],
    ['X-Forwarded-Proto', 'HTTPS', 'x-forwarded-proto', 'https'],
    ['X-Forwarded-Host', 'evil"><script>', 'x-forwarded-host', 'a.example:8080'],
    ['X-Forwarded-Host', 'a.example, evil.example', 'x-forwarded-host', 'a.example:8080'],
    ['X-Forwarded-Host', 'user@evil.example', 'x-forwarded-host', 'a.example:8080'],
    ['X-Forwarded-Host', 'ok.example', 'x-forwarded-host', 'ok.example'],
    ['X-Forwarded-Port', '99999', 'x-forwarded-port', '80'],
    ['X-Forwarded-Port', '80; x', 'x-forwarded-port', '80'],
    ['X-Forwarded-Server', 'evil.example', 'x-forwarded-server', 'edge.test'],
    ['X-Debug-Backend', 'evil', 'x-debug-time-backend', /^[\d.]+$/],
  ])('is kept from a trusted proxy only when it is well-formed: %s: %s', async (name, value, own, expected) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      settings: { trustedProxies: ['127.0.0.1'] },
    });
    const seen = await ask(edge.port(), `${name}: ${value}\r\n`);
    expect(valuesOf(seen, own)).toEqual([typeof expected === 'string' ? expected : expect.stringMatching(expected)]);
  });

  it('does not depend on who else is trusted: a neighbour of the trusted range is not', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      settings: { trustedProxies: ['127.0.0.2', '::ffff:127.0.0.4/127'] },
    });
    for (const [peer, expected] of [
      ['127.0.0.1', '127.0.0.1'],
      ['127.0.0.2', '6.6.6.6'],
      ['127.0.0.3', '127.0.0.3'],
      ['127.0.0.5', '6.6.6.6'],
      ['127.0.0.6', '127.0.0.6'],
    ] as const) {
      const seen = await ask(edge.port(), 'X-Forwarded-For: 6.6.6.6\r\n', peer);
      expect([peer, valuesOf(seen, 'x-real-ip')]).toEqual([peer, [expected]]);
    }
  });

  it('is the same over a dual-stack listener, which shows IPv4 clients as mapped addresses', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'a.example', to: origin }],
      listeners: [listenerOf({ addresses: [{ host: '::', port: 0 }] })],
      settings: { trustedProxies: ['127.0.0.1'] },
    });
    expect(valuesOf(await ask(edge.port(), 'X-Forwarded-For: 6.6.6.6\r\n'), 'x-real-ip')).toEqual(['6.6.6.6']);
    expect(valuesOf(await ask(edge.port(), '', '127.0.0.2'), 'x-real-ip')).toEqual(['127.0.0.2']);
  });
});

const FORWARDING = [
  'Forwarded: for=1.2.3.4',
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Whatever: 1',
  'X-Real-IP: 127.0.0.1',
  'Via: 1.1 proxy',
  'via: 1.0 x',
];

/** The two ends that a PROXY header claims, and whether both are on this machine. */
const CLAIMED_ENDS = [
  ['203.0.113.9', '127.0.0.1', false],
  ['127.0.0.1', '203.0.113.1', false],
  ['127.0.0.1', '127.0.0.1', true],
] as const;

describe.each(PATHS)('local names on the %s path', (path) => {
  it.each(FORWARDING)('are not for a request that came through a proxy: %s', async (field) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ path, routes: [{ host: 'app.localhost', to: origin, audience: 'local' }] });
    expect((await edge.send('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n')).status).toBe(200);
    const name = field.slice(0, field.indexOf(':'));
    for (const hidden of ['', `Connection: ${name}\r\n`, `Connection: close, ${name.toLowerCase()}\r\n`]) {
      const request = `GET / HTTP/1.1\r\nHost: app.localhost\r\n${hidden}${field}\r\n\r\n`;
      expect((await edge.send(request)).status).toBe(404);
    }
  });

  it('are for both ends on this machine, as far as the PROXY header says', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      path,
      routes: [{ host: 'app.localhost', to: origin, audience: 'local' }],
      listeners: [listenerOf({ proxyProtocol: ['127.0.0.1'] })],
    });
    for (const [from, to, isLocal] of CLAIMED_ENDS) {
      const request = `PROXY TCP4 ${from} ${to} 1 80\r\nGET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n`;
      expect([from, to, (await edge.send(request)).status === 200]).toEqual([from, to, isLocal]);
    }
  });
});

describe('debug headers on the response', () => {
  const ASK = 'GET / HTTP/1.1\r\nHost: a.example\r\nX-Debug: 1\r\n';

  it.each(FORWARDING)('are not for a request that came through a proxy: %s', async (field) => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({ routes: [{ host: 'a.example', to: origin }] });
    expect((await edge.send(`${ASK}\r\n`)).header('x-debug-backend')).toContain('127.0.0.1');
    expect((await edge.send(`${ASK}${field}\r\n\r\n`)).raw).not.toContain('x-debug');
  });

  it('are for both ends on this machine, as far as the PROXY header says', async () => {
    await using origin = await Origin.start(echo());
    await using edge = await startEdge({
      routes: [{ host: 'a.example', to: origin }],
      listeners: [listenerOf({ proxyProtocol: ['127.0.0.1'] })],
    });
    for (const [from, to, isLocal] of CLAIMED_ENDS) {
      const { raw } = await edge.send(`PROXY TCP4 ${from} ${to} 1 80\r\n${ASK}\r\n`);
      expect([from, to, raw.includes('x-debug')]).toEqual([from, to, isLocal]);
    }
  });

  it.each(PATHS)('are not there without being asked for, on errors, or when they are off: %s path', async (path) => {
    await using origin = await Origin.start(echo());
    const routes = [{ host: 'a.example', to: origin }];
    await using edge = await startEdge({ path, routes });
    await using off = await startEdge({ path, routes, settings: { debugHeaders: false } });
    expect((await edge.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')).raw).not.toContain('x-debug');
    expect((await edge.send(`${ASK}\r\n`.replace('a.example', 'no.example'))).raw).not.toContain('x-debug');
    const silent = await off.send(`${ASK}\r\n`);
    expect(silent.raw + silent.body.text).not.toContain('x-debug');
  });
});
