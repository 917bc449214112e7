import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCidrs } from './client-address.ts';
import {
  debugHeaders,
  ForwardedHeaders,
  type ForwardedClaimValues,
  type ForwardedPolicy,
} from './forwarded-headers.ts';

const NO_CLAIMS: ForwardedClaimValues = {
  xForwardedFor: '',
  xForwardedProto: '',
  xForwardedHost: '',
  xForwardedPort: '',
  xRealIp: '',
};

const POLICY: ForwardedPolicy = {
  proto: 'http',
  publicPort: 8_080,
  serverName: 'edge-1',
  isTrusted: compileCidrs(['10.0.0.0/8']),
};

function headersOf(peer: string, claims: Partial<ForwardedClaimValues>, hostHeader = 'a.test'): Record<string, string> {
  const block = new ForwardedHeaders(POLICY, peer).block({ ...NO_CLAIMS, ...claims }, hostHeader);
  expect(block).toMatch(/^(?:[a-z-]+: [ -~]*\r\n)+$/);
  return Object.fromEntries(
    block
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(': ', 2)),
  ) as Record<string, string>;
}

const SPOOFED = {
  xForwardedFor: '1.1.1.1',
  xForwardedProto: 'https',
  xForwardedHost: 'evil.test',
  xForwardedPort: '1',
  xRealIp: '1.1.1.1',
};

describe('a client that is not trusted', () => {
  it('gets all seven headers from us, whatever it claims', () => {
    const expected = {
      'x-real-ip': '203.0.113.9',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-protocol': 'http',
      'x-forwarded-port': '8080',
      'x-forwarded-server': 'edge-1',
      'x-forwarded-host': 'a.test:8080',
    };
    expect(headersOf('::ffff:203.0.113.9', {}, 'a.test:8080')).toEqual(expected);
    expect(headersOf('::ffff:203.0.113.9', SPOOFED, 'a.test:8080')).toEqual(expected);
  });

  it('is known by the address of its connection', () => {
    const headers = new ForwardedHeaders(POLICY, '203.0.113.9');
    expect(headers.isTrusted).toBe(false);
    expect(headers.clientAddress({ ...NO_CLAIMS, ...SPOOFED })).toBe('203.0.113.9');
  });

  it('may change its Host from request to request', () => {
    const headers = new ForwardedHeaders(POLICY, '203.0.113.9');
    const hosts = ['a.test', 'a.test', 'b.test', 'a.test'].map((host) => headers.block(NO_CLAIMS, host));
    expect(hosts.map((block) => /x-forwarded-host: (.*)\r\n/.exec(block)?.[1])).toEqual([
      'a.test',
      'a.test',
      'b.test',
      'a.test',
    ]);
  });
});

describe('a trusted proxy', () => {
  it('is believed in what it says well-formed', () => {
    const claims = {
      xForwardedFor: '1.1.1.1, 203.0.113.9',
      xForwardedProto: 'HTTPS',
      xForwardedHost: 'shop.test:8443',
      xForwardedPort: '8443',
      xRealIp: '9.9.9.9',
    };
    expect(headersOf('10.0.0.1', claims)).toEqual({
      'x-real-ip': '203.0.113.9',
      'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-protocol': 'https',
      'x-forwarded-port': '8443',
      'x-forwarded-server': 'edge-1',
      'x-forwarded-host': 'shop.test:8443',
    });
  });

  it.each([
    ['proto', { xForwardedProto: 'javascript' }, 'x-forwarded-proto', 'http'],
    ['two protos', { xForwardedProto: 'https, http' }, 'x-forwarded-proto', 'http'],
    ['host', { xForwardedHost: 'a.test/../x' }, 'x-forwarded-host', 'a.test'],
    ['host with a line break', { xForwardedHost: 'a\r\nx: y' }, 'x-forwarded-host', 'a.test'],
    ['two hosts', { xForwardedHost: 'a.test, b.test' }, 'x-forwarded-host', 'a.test'],
    ['port 0', { xForwardedPort: '0' }, 'x-forwarded-port', '8080'],
    ['port beyond 65535', { xForwardedPort: '65536' }, 'x-forwarded-port', '8080'],
    ['port that is no number', { xForwardedPort: '80a' }, 'x-forwarded-port', '8080'],
  ])('is not believed in a malformed %s', (_, claims, name, value) => {
    expect(headersOf('10.0.0.1', claims)[name]).toBe(value);
  });

  it.each([
    [{ xForwardedProto: 'https' }, '443'],
    [{ xForwardedProto: 'wss' }, '443'],
    [{ xForwardedProto: 'http' }, '80'],
    [{ xForwardedProto: 'https', xForwardedHost: 'shop.test:8443' }, '8443'],
    [{ xForwardedProto: 'https', xForwardedHost: '[2001:db8::1]:8443' }, '8443'],
    [{}, '8080'],
  ])('that says %j and no port means port %s', (claims, port) => {
    expect(headersOf('10.0.0.1', claims)['x-forwarded-port']).toBe(port);
  });

  it('that only sets X-Real-IP has seen that client', () => {
    expect(headersOf('10.0.0.1', { xRealIp: '203.0.113.9' })).toMatchObject({
      'x-real-ip': '203.0.113.9',
      'x-forwarded-for': '203.0.113.9, 10.0.0.1',
    });
    expect(headersOf('10.0.0.1', { xRealIp: 'nonsense' })).toMatchObject({
      'x-real-ip': '10.0.0.1',
      'x-forwarded-for': '10.0.0.1',
    });
  });

  it('tells the address that limits and logs use', () => {
    const headers = new ForwardedHeaders(POLICY, '::ffff:10.0.0.1');
    expect(headers.isTrusted).toBe(true);
    expect(headers.clientAddress({ ...NO_CLAIMS, xForwardedFor: '203.0.113.9' })).toBe('203.0.113.9');
  });
});

it('no value ends its line, whatever it is made of', () => {
  const value = fc.string({
    unit: fc.constantFrom('a', '.', ',', ' ', '\r', '\n', '\0', '\u2028', 'ü', '"'),
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      value,
      value,
      value,
      value,
      fc.constantFrom('10.0.0.1', '203.0.113.9', 'odd\r\npeer'),
      (a, b, c, d, peer) => {
        const headers = new ForwardedHeaders({ ...POLICY, serverName: d }, peer);
        const claims = { xForwardedFor: a, xForwardedProto: b, xForwardedHost: c, xForwardedPort: d, xRealIp: a };
        const block =
          headers.block(claims, b) + debugHeaders({ backendName: c, backendAddress: d, totalMs: 1, backendMs: 1 });
        expect(block).toMatch(/^(?:[a-z-]+: [ -~]*\r\n){10}$/);
      },
    ),
  );
});

describe('debugHeaders', () => {
  it.each([
    [0, 0, '0', '0'],
    [0.04, 0.05, '0', '0.1'],
    [1, 1.26, '1.0', '1.3'],
    [1_234.96, -1, '1235.0', '0'],
  ])('shows %d and %d ms', (totalMs, backendMs, total, backend) => {
    expect(debugHeaders({ backendName: 'web-1', backendAddress: '172.17.0.2:80', totalMs, backendMs })).toBe(
      `x-debug-backend: web-1 172.17.0.2:80\r\nx-debug-time-total: ${total}\r\nx-debug-time-backend: ${backend}\r\n`,
    );
  });
});
