import { echo, type Echo, listenerOf, Origin, RawClient, respond, type RouteSpec } from '@dproxy/testkit';
import { type Plugin, ApplicationPath, PluginLoader } from '@dproxy/proxy';
import { type Log, silentLog, type TlsPolicy } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { ALICE, AUTHORITY_ONE, MALLORY } from './client-identities.ts';
import { PATHS, type PathName } from './edge.ts';
import { policyOf, startTlsEdge } from './tls-edge.ts';

const nothing: Plugin = async () => {};
const MTLS = policyOf('secret.wild.test', 'require', AUTHORITY_ONE);

/** Both listeners and all hosts on one path through the worker. */
async function startOn(path: PathName, origin: Origin, tlsPolicies: readonly TlsPolicy[], log: Log = silentLog) {
  const loader = new PluginLoader({ baseFolder: '/', builtIn: new Map([['nothing', nothing]]) });
  const plugins = path === 'plugins' ? ['nothing'] : [];
  const routes: RouteSpec[] = ['a.test', 'secret.wild.test', '*.wild.test'].map((host) => ({
    host,
    to: origin,
    plugins,
  }));
  const edge = await startTlsEdge({
    origin,
    routes,
    tlsPolicies,
    plane: { applicationPath: new ApplicationPath({ loader, log }) },
  });
  await edge.apply({ listeners: [listenerOf({ protocol: 'https' }), listenerOf()] });
  const connect = (servername: string, identity = {}) =>
    RawClient.connect({ port: edge.port, tls: { servername, rejectUnauthorized: false, ...identity } });
  return { ...edge, connect, httpPort: edge.plane.addresses().get('http')?.[0]?.port ?? 0 };
}

describe.each(PATHS)('rows 37 and 38 on the %s path', (path) => {
  it.each([
    ['the plain name', 'GET / HTTP/1.1\r\nHost: secret.wild.test\r\n\r\n', 421],
    ['capital letters', 'GET / HTTP/1.1\r\nHost: SECRET.Wild.Test\r\n\r\n', 421],
    ['a trailing dot', 'GET / HTTP/1.1\r\nHost: secret.wild.test.\r\n\r\n', 421],
    ['a port', 'GET / HTTP/1.1\r\nHost: secret.wild.test:443\r\n\r\n', 421],
    ['absolute form', 'GET https://secret.wild.test/ HTTP/1.1\r\nHost: secret.wild.test\r\n\r\n', 421],
    ['www. in front', 'GET / HTTP/1.1\r\nHost: www.secret.wild.test\r\n\r\n', 421],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: secret.wild.test\r\n\r\n', 421],
    ['a challenge that is none', 'GET /.well-known/acme-challenge/x HTTP/1.1\r\nHost: secret.wild.test\r\n\r\n', 404],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a.test\r\nHost: secret.wild.test\r\n\r\n', 400],
    ['absolute form of another host', 'GET https://secret.wild.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
    ['a host behind a proxy', 'GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Host: secret.wild.test\r\n\r\n', 200],
  ])(
    'a host that requires client certificates is not reached by another name in SNI: %s',
    async (_name, head, status) => {
      await using origin = await Origin.start(echo());
      await using edge = await startOn(path, origin, [MTLS]);
      using client = await edge.connect('a.test');
      await client.write(head);
      expect((await client.readResponse()).status).toBe(status);
      expect(origin.requests).toHaveLength(status === 200 ? 1 : 0);
    },
  );

  it('nor by the second request of a connection, pipelined behind a good one', async () => {
    await using origin = await Origin.start(respond({ body: 'ok' }));
    await using edge = await startOn(path, origin, [MTLS]);
    using client = await edge.connect('a.test');
    await client.write('GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: secret.wild.test\r\n\r\n');
    expect((await client.readResponse()).status).toBe(200);
    expect((await client.readResponse()).status).toBe(421);
    expect(origin.requests.map(({ target }) => target)).toEqual(['/1']);
  });

  it('nor over plain HTTP', async () => {
    await using origin = await Origin.start();
    await using edge = await startOn(path, origin, [MTLS]);
    for (const host of ['secret.wild.test', 'SECRET.wild.test.:80', 'www.secret.wild.test']) {
      using client = await RawClient.connect({ port: edge.httpPort });
      await client.write(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.readResponse()).status).toBe(host.startsWith('www.') ? 421 : 308);
    }
    expect(origin.requests).toEqual([]);
  });

  it('the backend hears of a client certificate from dproxy alone', async () => {
    await using origin = await Origin.start(echo());
    const optional = policyOf('secret.wild.test', 'optional', AUTHORITY_ONE);
    await using edge = await startOn(path, origin, [optional]);
    const forged = 'X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-DN: CN=root\r\nConnection: X-SSL-Client-Verify\r\n';
    const heard = async (host: string, identity = {}): Promise<string[]> => {
      using client = await edge.connect(host, identity);
      await client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${forged}\r\n`);
      const seen = JSON.parse((await client.readResponse()).body.text) as Echo;
      return seen.headers.filter(([name]) => /ssl/i.test(name)).map(([name, value]) => `${name}: ${value}`);
    };
    expect(await heard('a.test', ALICE)).toEqual([]);
    expect(await heard('secret.wild.test')).toEqual(['x-ssl-client-verify: NONE']);
    expect(await heard('secret.wild.test', MALLORY)).toEqual([
      expect.stringMatching(/^x-ssl-client-verify: FAILED:[A-Z_]+$/),
    ]);
    expect(await heard('secret.wild.test', ALICE)).toEqual([
      'x-ssl-client-verify: SUCCESS',
      expect.stringMatching(/^x-ssl-client-dn: .*CN=/),
      expect.stringMatching(/^x-ssl-client-fingerprint-sha256: [0-9a-f]{64}$/),
    ]);
  });

  it('a name that only looks like one of ours is refused', async () => {
    await using origin = await Origin.start();
    await using edge = await startOn(path, origin, []);
    for (const name of ['X_SSL_Client_Verify', 'X-SSL_Client-DN']) {
      using client = await edge.connect('a.test');
      await client.write(`GET / HTTP/1.1\r\nHost: a.test\r\n${name}: SUCCESS\r\n\r\n`);
      expect((await client.readResponse()).status).toBe(400);
    }
    expect(origin.requests).toEqual([]);
  });
});
