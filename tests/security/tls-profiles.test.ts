import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type CipherNameAndProtocol, connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Origin, within } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { allGone, startTlsEdge, visit } from './tls-edge.ts';

/** A connection that may fail: with OpenSSL's word then. */
async function agreed(
  port: number,
  options: ConnectionOptions,
): Promise<{ protocol: string | null; cipher: CipherNameAndProtocol; group: string; socket: TLSSocket } | string> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false, ...options });
  try {
    await within(once(socket, 'secureConnect'), 'a handshake');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
  const key = socket.getEphemeralKeyInfo() as { name?: string };
  return { protocol: socket.getProtocol(), cipher: socket.getCipher(), group: key.name ?? '', socket };
}

const ALL = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0';

describe('the profile intermediate', () => {
  it('speaks TLS 1.2 and 1.3 with ECDHE and AEAD, and nothing else', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
      const result = await agreed(edge.port, { minVersion: protocol, maxVersion: protocol });
      expect(result).toMatchObject({ protocol });
      if (typeof result !== 'string') result.socket.destroy();
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: ALL } as const;
    expect(await agreed(edge.port, old)).toMatch(/PROTOCOL_VERSION/);
    for (const ciphers of ['AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA']) {
      expect(await agreed(edge.port, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })).toMatch(
        /HANDSHAKE_FAILURE/,
      );
    }
    await allGone(edge.plane);
  });

  it('lets a client that puts ChaCha20 first have it; else its own order holds', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const chacha = 'ECDHE-ECDSA-CHACHA20-POLY1305';
    const [aes, large] = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'];
    for (const [ciphers, chosen] of [
      [`${chacha}:${aes}`, chacha],
      [`${aes}:${chacha}`, aes],
      [`${large}:${aes}`, aes],
    ] as const) {
      const result = await agreed(edge.port, { maxVersion: 'TLSv1.2', ciphers });
      expect(result).toMatchObject({ cipher: { name: chosen } });
      if (typeof result !== 'string') result.socket.destroy();
    }
  });

  it('prefers the post-quantum hybrid, has elliptic curves for others, and no finite fields', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    for (const [offered, chosen] of [
      ['X25519MLKEM768:X25519', 'X25519MLKEM768'],
      ['X25519:X25519MLKEM768', 'X25519MLKEM768'],
      ['P-384:P-256', 'prime256v1'],
      ['P-384', 'secp384r1'],
    ] as const) {
      const result = await agreed(edge.port, { ecdhCurve: offered });
      expect(result).toMatchObject({ group: expect.stringMatching(new RegExp(`^${chosen}$`, 'i')) });
      if (typeof result !== 'string') result.socket.destroy();
    }
    for (const ecdhCurve of ['ffdhe2048', 'ffdhe8192', 'P-521']) {
      expect(await agreed(edge.port, { ecdhCurve, minVersion: 'TLSv1.3' })).toMatch(/HANDSHAKE_FAILURE/);
    }
    await allGone(edge.plane);
  });

  it('refuses renegotiation', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const result = await agreed(edge.port, { maxVersion: 'TLSv1.2' });
    if (typeof result === 'string') throw new Error(result);
    const failed = once(result.socket, 'error') as Promise<[NodeJS.ErrnoException]>;
    result.socket.renegotiate({}, () => undefined);
    expect((await within(failed, 'an alert'))[0].code).toMatch(/NO_RENEGOTIATION/);
    result.socket.destroy();
    await allGone(edge.plane);
  });

  it('takes no early data', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin });
    const client = spawn('/usr/bin/openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${edge.port}`,
      '-servername',
      'a.test',
    ]);
    let output = '';
    client.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    client.stdin.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    await within(once(client, 'close'), 'the end of s_client');
    expect(output).toMatch(/Max Early Data: 0\n/);
    expect(output).not.toMatch(/Max Early Data: [1-9]/);
    expect(output).toMatch(/TLS session ticket lifetime hint: 86400 /);
  });
});

describe('the profile modern', () => {
  it('speaks TLS 1.3 only, by default or for one host', async () => {
    await using origin = await Origin.start();
    await using edge = await startTlsEdge({ origin, settings: { tls: { profile: 'modern', onDemand: false } } });
    expect((await visit(edge.port, 'a.test')).status).toBe(200);
    expect(await agreed(edge.port, { maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION/);
    const own = { id: '*.wild.test', profile: 'modern', clientCertificates: 'none', clientCaPem: '' } as const;
    await edge.apply({ settings: {}, tlsPolicies: [own] });
    expect((await visit(edge.port, 'a.test', { maxVersion: 'TLSv1.2' })).status).toBe(200);
    expect(await agreed(edge.port, { maxVersion: 'TLSv1.2', servername: 'x.wild.test' })).toMatch(/PROTOCOL_VERSION/);
    // Nor by a connection that was made for another host.
    const other = { maxVersion: 'TLSv1.2', host: 'x.wild.test' } as const;
    expect((await visit(edge.port, 'a.test', other)).status).toBe(421);
  });
});
