import { X509Certificate } from 'node:crypto';
import type { TlsPolicy } from '@dproxy/core';
import { echo, type Echo, listenerOf, Origin, type RawClientOptions, type SnapshotSpec } from '@dproxy/testkit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SITE_CERTIFICATE } from '../fixtures/certificates.ts';
import { getRequest } from '../fixtures/edge.ts';
import { startHttpsEdge, valuesOf } from '../fixtures/https-edge.ts';

/** It is its own authority. */
const CLIENT = { cert: SITE_CERTIFICATE.certificatePem, key: SITE_CERTIFICATE.keyPem };

function policyOf(id: string, more: Partial<TlsPolicy> = {}): TlsPolicy {
  return {
    id,
    profile: 'intermediate',
    clientCertificates: 'require',
    clientCaPem: SITE_CERTIFICATE.certificatePem,
    ...more,
  };
}

const POLICIES: readonly TlsPolicy[] = [
  policyOf('m.wild.test'),
  policyOf('same.wild.test'),
  policyOf('other.wild.test', { clientCaPem: SITE_CERTIFICATE.certificatePem.repeat(2) }),
  policyOf('o.wild.test', { clientCertificates: 'optional' }),
  policyOf('new.wild.test', { profile: 'modern', clientCertificates: 'none', clientCaPem: '' }),
];

function specFor(origin: Origin, more: SnapshotSpec = {}): SnapshotSpec {
  return { routes: { 'a.test': origin, '*.wild.test': origin }, tlsPolicies: POLICIES, ...more };
}

type Tls = NonNullable<RawClientOptions['tls']>;

describe('a request over TLS', () => {
  test.each<[sni: string, host: string, status: number, tls?: Tls]>([
    ['m.wild.test', 'm.wild.test', 200, CLIENT],
    ['m.wild.test', 'M.Wild.Test.:443', 200, CLIENT],
    ['m.wild.test', 'same.wild.test', 200, CLIENT],
    ['m.wild.test', 'other.wild.test', 421, CLIENT],
    ['m.wild.test', 'o.wild.test', 421, CLIENT],
    ['m.wild.test', 'a.test', 421, CLIENT],
    ['a.test', 'm.wild.test', 421],
    ['a.test', 'M.WILD.TEST', 421],
    ['a.test', 'm.wild.test.', 421],
    ['a.test', 'm.wild.test:443', 421],
    ['a.test', 'm.wild.test', 421, CLIENT],
    ['', 'm.wild.test', 421, CLIENT],
    ['a.test', 'o.wild.test', 421],
    ['o.wild.test', 'm.wild.test', 421, CLIENT],
    ['o.wild.test', 'o.wild.test', 200],
    ['a.test', 'plain.wild.test', 200],
    ['', 'a.test', 200],
    ['a.test', 'new.wild.test', 200],
    ['a.test', 'new.wild.test', 421, { maxVersion: 'TLSv1.2' }],
  ])('on a connection for "%s" to %s: %s', async (servername, host, status, tls = {}) => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin));
    for (const request of [getRequest(host), getRequest(host, `https://${host}/`)]) {
      expect((await edge.ask(request, { ...tls, servername })).status).toBe(status);
    }
    expect(origin.requests).toHaveLength(status === 200 ? 2 : 0);
  });

  test('is judged one by one, and again when the policies have changed', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin, { tlsPolicies: [] }));
    using client = await edge.connect({ servername: 'm.wild.test' });
    const ask = async (host: string): Promise<number> => {
      await client.write(getRequest(host));
      return (await client.readResponse()).status;
    };
    expect(await ask('m.wild.test')).toBe(200);
    await edge.apply(specFor(origin));
    expect(await ask('m.wild.test')).toBe(421);
    expect(await ask('a.test')).toBe(200);
    await edge.apply(specFor(origin, { tlsPolicies: [policyOf('*.wild.test')] }));
    expect(await ask('free.wild.test')).toBe(421);
  });

  test('with a certificate of authorities that have been replaced since must show a new one', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin));
    using client = await edge.connect({ ...CLIENT, servername: 'm.wild.test' });
    await client.write(getRequest('m.wild.test'));
    expect((await client.readResponse()).status).toBe(200);
    const renewed = policyOf('m.wild.test', { clientCaPem: SITE_CERTIFICATE.certificatePem.repeat(3) });
    await edge.apply(specFor(origin, { tlsPolicies: [renewed] }));
    await client.write(getRequest('m.wild.test'));
    expect((await client.readResponse()).status).toBe(421);
  });

  test('needs a new certificate when that of the connection has ended meanwhile', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin));
    using client = await edge.connect({ ...CLIENT, servername: 'm.wild.test' });
    const ask = async (): Promise<number> => {
      await client.write(getRequest('m.wild.test'));
      return (await client.readResponse()).status;
    };
    const { validToDate } = new X509Certificate(SITE_CERTIFICATE.certificatePem);
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    expect(await ask()).toBe(200);
    vi.setSystemTime(validToDate.getTime() + 1);
    expect(await ask()).toBe(421);
  });

  test('goes nowhere while the authorities of its host are not known', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(
      specFor(origin, { tlsPolicies: [policyOf('m.wild.test', { clientCaPem: '' })] }),
    );
    const answer = edge.ask(getRequest('m.wild.test'), { ...CLIENT, servername: 'm.wild.test' });
    await expect(answer.then(({ status }) => status).catch(() => 'no handshake')).resolves.toBeOneOf([
      421,
      'no handshake',
    ]);
    expect((await edge.ask(getRequest('m.wild.test'), { ...CLIENT, servername: 'a.test' })).status).toBe(421);
    expect(origin.requests).toEqual([]);
  });

  test('by www. in front of a host needs what the host needs', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge({
      routes: { 'a.test': origin, 'b.test': origin },
      tlsPolicies: [policyOf('a.test')],
    });
    expect((await edge.ask(getRequest('www.a.test'))).status).toBe(421);
    expect((await edge.ask(getRequest('www.a.test'), { servername: '' })).status).toBe(421);
    expect(origin.requests).toEqual([]);
  });
});

describe('HTTP/2', () => {
  test('coalesces hosts that ask the same, and no others', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin));
    await using session = await edge.session({ ...CLIENT, servername: 'm.wild.test' });
    for (const [host, status] of [
      ['m.wild.test', 200],
      ['same.wild.test', 200],
      ['a.test', 421],
      ['other.wild.test', 421],
      ['www.m.wild.test', 200],
    ] as const) {
      expect([host, await session.ask(host)]).toEqual([host, status]);
    }
    await using plain = await edge.session({ servername: 'a.test' });
    expect(await plain.ask('m.wild.test')).toBe(421);
    expect(await plain.ask('M.Wild.Test:443')).toBe(421);
    expect(await plain.ask('free.wild.test')).toBe(200);
    expect(origin.requests).toHaveLength(4);
  });
});

describe('a plain request to a host that requires client certificates', () => {
  test('is sent to HTTPS, whatever its route says', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin));
    const answer = await edge.ask(getRequest('M.wild.test.', '/x?y'));
    expect([answer.status, valuesOf(answer, 'location')]).toEqual([308, ['https://m.wild.test/x?y']]);
    expect(origin.requests).toEqual([]);
  });

  test('is refused where it cannot be, and behind a proxy that ended the TLS', async () => {
    await using origin = await Origin.start();
    const settings = { trustedProxies: ['127.0.0.1'] };
    await using alone = await startHttpsEdge(specFor(origin, { listeners: [listenerOf()] }));
    expect((await alone.ask(getRequest('m.wild.test'))).status).toBe(421);
    await using behind = await startHttpsEdge(specFor(origin, { settings }));
    const claims = 'X-Forwarded-Proto: https\r\nX-SSL-Client-Verify: SUCCESS\r\n';
    expect((await behind.ask(getRequest('m.wild.test', '/', claims))).status).toBe(421);
    expect(origin.requests).toEqual([]);
  });

  test('does not touch those to other hosts', async () => {
    await using origin = await Origin.start();
    await using edge = await startHttpsEdge(specFor(origin, { listeners: [listenerOf()] }));
    for (const host of ['a.test', 'o.wild.test', 'new.wild.test']) {
      expect((await edge.ask(getRequest(host))).status).toBe(200);
    }
  });
});

describe('what the backend hears about the client certificate', () => {
  const heard = async (host: string, tls?: Tls, headers = ''): Promise<Record<string, string>> => {
    await using origin = await Origin.start(echo());
    await using edge = await startHttpsEdge(
      specFor(origin, {
        listeners: tls === undefined ? [listenerOf()] : [listenerOf(), listenerOf({ protocol: 'https' })],
      }),
    );
    const answer = await edge.ask(
      getRequest(host, '/', headers),
      tls === undefined ? undefined : { ...tls, servername: host },
    );
    const seen = JSON.parse(answer.body.text) as Echo;
    return Object.fromEntries(
      seen.headers.filter(([name]) => /ssl/i.test(name)).map(([name, value]) => [name.toLowerCase(), value]),
    );
  };
  const FORGED =
    [
      'X-SSL-Client-Verify: SUCCESS',
      'x-ssl-client-dn: CN=root',
      'X-Ssl-Client-Fingerprint-Sha256: 00',
      'X-SSL-Client-Anything: 1',
    ].join('\r\n') + '\r\n';

  test('is its name and its fingerprint, when it was verified', async () => {
    for (const host of ['m.wild.test', 'o.wild.test']) {
      expect(await heard(host, CLIENT, FORGED)).toEqual({
        'x-ssl-client-verify': 'SUCCESS',
        'x-ssl-client-dn': 'CN=a.test',
        'x-ssl-client-fingerprint-sha256': SITE_CERTIFICATE.id,
      });
    }
  });

  test('is that there is none', async () => {
    expect(await heard('o.wild.test', {}, FORGED)).toEqual({ 'x-ssl-client-verify': 'NONE' });
    expect(await heard('o.wild.test', undefined, FORGED)).toEqual({ 'x-ssl-client-verify': 'NONE' });
  });

  test('is nothing for hosts that ask for none, not even what the client says', async () => {
    expect(await heard('a.test', CLIENT, FORGED)).toEqual({});
    expect(await heard('new.wild.test', undefined, FORGED)).toEqual({});
  });
});
