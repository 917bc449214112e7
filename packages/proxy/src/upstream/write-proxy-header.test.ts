import { describe, expect, test } from 'vitest';
import { backendOf } from '@dproxy/testkit';
import { proxyHeaderFor } from './write-proxy-header.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const ends = (remoteAddress: string, localAddress: string) => ({
  remoteAddress,
  remotePort: 56_324,
  localAddress,
  localPort: 443,
});

function header(proxyProtocol: '' | 'v1' | 'v2', client: Parameters<typeof proxyHeaderFor>[1]): Buffer | undefined {
  return proxyHeaderFor(backendOf({ port: 1, proxyProtocol }), client);
}

describe('the PROXY header towards a backend', () => {
  test('is not there unless it is asked for', () => {
    expect(header('', ends('192.0.2.1', '192.0.2.2'))).toBeUndefined();
  });

  test.each([
    ['192.0.2.1', '::ffff:192.0.2.2', 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n'],
    ['2001:db8::1', 'fe80::2%eth0', 'PROXY TCP6 2001:db8:0:0:0:0:0:1 fe80:0:0:0:0:0:0:2 56324 443\r\n'],
    ['192.0.2.1', '2001:db8::2', 'PROXY TCP6 0:0:0:0:0:ffff:c000:201 2001:db8:0:0:0:0:0:2 56324 443\r\n'],
    ['', '192.0.2.2', 'PROXY UNKNOWN\r\n'],
  ])('version 1 for %s at %s', (remote, local, expected) => {
    expect(header('v1', ends(remote, local))?.toString('latin1')).toBe(expected);
  });

  test.each([
    ['192.0.2.1', '192.0.2.2', '2111000cc0000201c0000202dc0401bb'],
    ['192.0.2.1', '2001:db8::2', '2121002400000000000000000000ffffc000020120010db8000000000000000000000002dc0401bb'],
    ['192.0.2.1', '', '20000000'],
  ])('version 2 for %s at %s', (remote, local, expected) => {
    expect(header('v2', ends(remote, local))?.toString('hex')).toBe(SIGNATURE + expected);
  });

  test('for a connection without a client says so', () => {
    expect(header('v1', undefined)?.toString('latin1')).toBe('PROXY UNKNOWN\r\n');
    expect(header('v2', undefined)?.toString('hex')).toBe(`${SIGNATURE}20000000`);
  });
});
