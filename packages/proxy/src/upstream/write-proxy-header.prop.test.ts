import { assert, integer, ipV4, ipV6, oneof, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalAddress } from '@dproxy/core';
import { backendOf } from '@dproxy/testkit';
import { parseProxyHeader } from '../listeners/proxy-header.ts';
import { proxyHeaderFor } from './write-proxy-header.ts';

const v1 = backendOf({ port: 1, proxyProtocol: 'v1' });
const v2 = backendOf({ port: 1, proxyProtocol: 'v2' });
const port = integer({ min: 0, max: 65_535 });
const address = oneof(
  ipV4(),
  ipV6(),
  ipV4().map((ipv4) => `::ffff:${ipv4}`),
);

/** Read back by who reads them from others. */
function read(header: Buffer | undefined) {
  const parsed = parseProxyHeader(header ?? Buffer.alloc(0));
  expect(parsed?.byteLength).toBe(header?.length);
  return parsed?.endpoints;
}

describe('a PROXY header', () => {
  test.each([v1, v2])('of $proxyProtocol tells both ends, whatever their families', (backend) => {
    assert(
      property(address, address, port, port, (remoteAddress, localAddress, remotePort, localPort) => {
        const seen = read(proxyHeaderFor(backend, { remoteAddress, remotePort, localAddress, localPort }));
        expect(canonicalAddress(seen?.remoteAddress ?? '')).toBe(canonicalAddress(remoteAddress));
        expect(canonicalAddress(seen?.localAddress ?? '')).toBe(canonicalAddress(localAddress));
        expect([seen?.remotePort, seen?.localPort]).toEqual([remotePort, localPort]);
      }),
    );
  });

  test.each([v1, v2])('of $proxyProtocol is whole and harmless, whatever an address has become', (backend) => {
    assert(
      property(string(), string(), (remoteAddress, localAddress) => {
        const header = proxyHeaderFor(backend, { remoteAddress, remotePort: 1, localAddress, localPort: 2 });
        const parsed = parseProxyHeader(header ?? Buffer.alloc(0));
        expect(parsed?.byteLength).toBe(header?.length);
      }),
    );
  });
});
