import { DEFAULT_HTTPS, type Listener, type RouteHttps } from '@dproxy/core';
import { listenerOf, Origin } from '@dproxy/testkit';
import { describe, expect, test } from 'vitest';
import { LOCAL_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest } from '../fixtures/edge.ts';
import { startHttpsEdge, valuesOf } from '../fixtures/https-edge.ts';

interface Wanted {
  readonly https?: Partial<RouteHttps>;
  readonly listeners?: readonly Listener[];
  readonly trustedProxies?: readonly string[];
}

const HOSTS = ['a.test', '*.wild.test', 'b.test', 'localhost', 'app.localhost'];

function edgeWith(origin: Origin, { https = {}, listeners, trustedProxies = [] }: Wanted = {}) {
  return startHttpsEdge({
    routes: HOSTS.map((host) => ({ host, to: origin, https: { ...DEFAULT_HTTPS, ...https } })),
    settings: { trustedProxies },
    ...(listeners === undefined ? {} : { listeners }),
  });
}

async function placeOf(edge: Awaited<ReturnType<typeof edgeWith>>, request: string): Promise<[number, string]> {
  const answer = await edge.ask(request);
  return [answer.status, valuesOf(answer, 'location').join()];
}

describe('plain HTTP is sent to HTTPS', () => {
  test.each([
    [getRequest('a.test'), 'https://a.test/'],
    [getRequest('A.Test.:80', '/x//y/%2e%2E/z;a?b=c&d=%zz'), 'https://a.test/x//y/%2e%2E/z;a?b=c&d=%zz'],
    [getRequest('a.test:8080', 'http://a.test:8080/p?q'), 'https://a.test/p?q'],
    [getRequest('a.test', 'http://a.test'), 'https://a.test/'],
    [getRequest('deep.wild.test', '//evil.test/'), 'https://deep.wild.test//evil.test/'],
    [getRequest('a.test', '/"><script>'), 'https://a.test/"><script>'],
    ['OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n', 'https://a.test'],
    ['POST /p HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi', 'https://a.test/p'],
    ['GET / HTTP/1.0\r\nHost: a.test\r\n\r\n', 'https://a.test/'],
    [getRequest('a.test', '/', 'X-Forwarded-Proto: https\r\nForwarded: proto=https\r\n'), 'https://a.test/'],
  ])('%j', async (request, place) => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin);
    expect(await placeOf(edge, request)).toEqual([308, place]);
    expect(origin.requests).toEqual([]);
  });

  test.each([301, 302, 307, 308] as const)('with the status %s that its route names', async (redirect) => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin, { https: { redirect } });
    expect(await placeOf(edge, getRequest('a.test', '/x'))).toEqual([redirect, 'https://a.test/x']);
  });

  test('at the port that clients see, of a listener that has the route', async () => {
    await using origin = await Origin.start();
    const own = listenerOf({ protocol: 'https', id: 'inner', publicPort: 9_443 });
    const usual = listenerOf({ protocol: 'https', publicPort: 8_443 });
    await using edge = await startHttpsEdge({
      listeners: [listenerOf(), own, usual],
      routes: [
        { host: 'a.test', to: origin },
        { host: 'a.test', path: '/inner', to: origin, listeners: ['http', 'inner'] },
        { host: 'a.test', path: '/clear', to: origin, listeners: ['http'] },
      ],
    });
    expect(await placeOf(edge, getRequest('a.test'))).toEqual([308, 'https://a.test:8443/']);
    expect(await placeOf(edge, getRequest('a.test', '/inner'))).toEqual([308, 'https://a.test:9443/inner']);
    expect(await placeOf(edge, getRequest('a.test', '/clear'))).toEqual([200, '']);
  });

  test('for an address, too, where what is shown is public and names it', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge({
      routes: [{ host: '[2001:db8::1]', to: origin }],
      certificates: [{ ...LOCAL_CERTIFICATE, kind: 'acme', names: ['2001:DB8:0::1'] }],
      listeners: [listenerOf(), listenerOf({ protocol: 'https', publicPort: 8_443 })],
    });
    expect(await placeOf(edge, getRequest('[2001:db8::1]:8080'))).toEqual([308, 'https://[2001:db8::1]:8443/']);
  });
});

describe('plain HTTP is answered', () => {
  test('over HTTPS', async () => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin);
    expect((await edge.ask(getRequest('a.test'), { servername: 'a.test' })).status).toBe(200);
  });

  test('where the route says so, and where nobody listens for HTTPS', async () => {
    await using origin = await Origin.start();
    await using plain = await edgeWith(origin, { https: { redirect: 0 } });
    expect(await placeOf(plain, getRequest('a.test'))).toEqual([200, '']);
    await using alone = await edgeWith(origin, { listeners: [listenerOf()] });
    expect(await placeOf(alone, getRequest('a.test'))).toEqual([200, '']);
  });

  test.each(['b.test', 'localhost', 'app.localhost', 'a.b.wild.test', 'www.b.test'])(
    'for a host that is shown no certificate, or one of the local CA: %s',
    async (host) => {
      await using origin = await Origin.start();
      await using edge = await edgeWith(origin);
      expect(await placeOf(edge, getRequest(host))).toEqual([200, '']);
    },
  );

  test('for a name without a dot, and for an address that the shown certificate does not name', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge({
      routes: ['intranet', '127.0.0.1', '[::1]'].map((host) => ({ host, to: origin })),
      certificates: [{ ...LOCAL_CERTIFICATE, kind: 'file', names: ['intranet'] }],
    });
    for (const host of ['intranet', '127.0.0.1', '[::1]']) {
      expect(await placeOf(edge, getRequest(host))).toEqual([200, '']);
    }
  });

  test('for local names of containers, whatever certificate there is', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge({ routes: [{ host: 'a.test', audience: 'local', to: origin }] });
    expect(await placeOf(edge, getRequest('a.test'))).toEqual([200, '']);
  });

  test('for a trusted proxy that ended the TLS, and only for that', async () => {
    await using origin = await Origin.start();
    await using edge = await edgeWith(origin, { trustedProxies: ['127.0.0.1'] });
    for (const [proto, status] of [
      ['https', 200],
      ['HTTPS', 200],
      ['wss', 200],
      ['http', 308],
      ['https, http', 308],
      ['', 308],
    ] as const) {
      const answer = await edge.ask(getRequest('a.test', '/', `X-Forwarded-Proto: ${proto}\r\n`));
      expect([proto, answer.status]).toEqual([proto, status]);
    }
  });
});

test('the connection goes on after a redirect, behind the body that it came with', async () => {
  await using origin = await Origin.start();
  await using edge = await edgeWith(origin);
  using client = await edge.connect();
  for (const path of ['/1', '/2']) {
    await client.write(getRequest('a.test', path));
    expect(valuesOf(await client.readResponse(), 'location')).toEqual([`https://a.test${path}`]);
  }
});
