import { describe, expect, test } from 'vitest';
import { DEFAULT_BALANCE } from '@dproxy/core';
import { containerOf } from '../../_container-of.ts';
import { readHttpService } from './http-service.ts';
import { readDuration } from './values.ts';

function read(options: Record<string, string>, parts: Parameters<typeof containerOf>[0] = {}, tlsVerify = true) {
  const pairs = Object.entries(options).map(([key, value]) => [`loadbalancer.${key}`, value] as const);
  const facts = { container: containerOf(parts), settings: { tlsVerify }, network: undefined };
  return readHttpService('web', { name: 'web', pairs }, facts);
}

const sticky = { path: '/', domain: '', secure: false, httpOnly: false, sameSite: '', maxAgeS: 0 };
const health = {
  type: 'http',
  path: '/foo',
  method: 'GET',
  host: '',
  port: 0,
  scheme: 'default',
  headers: [],
  statuses: [[200, 399]],
  followRedirects: true,
  intervalMs: 30_000,
  unhealthyIntervalMs: 30_000,
  timeoutMs: 5_000,
  rise: 1,
  fall: 1,
};

describe('a service', () => {
  test.each<[options: Record<string, string>, expected: object]>([
    [
      {},
      { port: 80, protocol: 'http', weight: 1, host: '', tlsVerify: true, balance: DEFAULT_BALANCE, health: undefined },
    ],
    [
      { 'server.port': '8080', 'server.scheme': 'h2c', 'server.weight': '3' },
      { port: 8_080, protocol: 'h2c', weight: 3 },
    ],
    [{ 'server.scheme': 'https' }, { protocol: 'https', port: 80 }],
    [{ 'server.url': 'http://web:3000' }, { port: 3_000, protocol: 'http' }],
    [{ 'server.url': 'https://172.17.0.2' }, { port: 443, protocol: 'https' }],
    [
      { 'server.url': 'http://web:80/base', 'server.preservepath': 'true' },
      { port: 80, filters: [{ type: 'addPrefix', prefix: '/base' }] },
    ],
    [{ passhostheader: 'false' }, { host: '172.17.0.2:80' }],
    [{ 'responseforwarding.flushinterval': '10' }, { port: 80 }],
    [{ strategy: 'p2c' }, { balance: { strategy: 'powerOfTwo' } }],
    [{ strategy: 'hrw' }, { balance: { strategy: 'hash', hashBy: { type: 'client' } } }],
    [{ strategy: 'LeastTime' }, { balance: { strategy: 'leastTime' } }],
    [{ 'sticky.cookie': 'true' }, { balance: { sticky: { ...sticky, name: '_d1570' } } }],
    [
      {
        'sticky.cookie.name': 'my cookie',
        'sticky.cookie.secure': 'true',
        'sticky.cookie.httponly': 'true',
        'sticky.cookie.samesite': 'Lax',
        'sticky.cookie.maxage': '42',
        'sticky.cookie.path': '/x',
        'sticky.cookie.domain': 'a.com',
      },
      {
        balance: {
          sticky: {
            name: 'my_cookie',
            secure: true,
            httpOnly: true,
            sameSite: 'lax',
            maxAgeS: 42,
            path: '/x',
            domain: 'a.com',
          },
        },
      },
    ],
    [{ 'healthcheck.path': '/foo' }, { health }],
    [
      {
        'healthcheck.path': '/up?x=1',
        'healthcheck.interval': '10',
        'healthcheck.unhealthyinterval': '1s',
        'healthcheck.timeout': '500ms',
        'healthcheck.status': '204',
        'healthcheck.method': 'head',
        'healthcheck.hostname': 'a.com',
        'healthcheck.port': '42',
        'healthcheck.scheme': 'https',
        'healthcheck.followredirects': 'false',
        'healthcheck.headers.X-Probe': 'traefik',
      },
      {
        health: {
          ...health,
          path: '/up?x=1',
          method: 'HEAD',
          host: 'a.com',
          port: 42,
          scheme: 'https',
          headers: [['x-probe', 'traefik']],
          statuses: [[204, 204]],
          followRedirects: false,
          intervalMs: 10_000,
          unhealthyIntervalMs: 1_000,
          timeoutMs: 500,
        },
      },
    ],
    [{ 'healthcheck.mode': 'grpc' }, { health: { type: 'grpc', path: '' } }],
    [
      { 'passivehealthcheck.failurewindow': '3s', 'passivehealthcheck.maxfailedattempts': '5' },
      { balance: { ejection: { failures: 5, windowMs: 3_000, ejectMs: 3_000, statuses: true } } },
    ],
  ])('%j', (options, expected) => {
    const { service, problems } = read(options);
    expect(problems).toEqual([]);
    expect(service).toMatchObject(expected);
  });

  test.each<[options: Record<string, string>, expected: RegExp]>([
    [{ 'server.url': 'http://169.254.169.254/' }, /a URL of web itself.*routes in dproxy\.yml/],
    [{ 'server.url': 'http://other:80' }, /a URL of web itself/],
    [{ 'server.url': 'http://a@web:80' }, /a URL of web itself/],
    [{ 'server.url': 'web:80' }, /a URL such as/],
    [{ 'server.url': 'http://web', 'server.port': '80' }, /a URL alone/],
    [{ 'server.port': '0' }, /from 1 to 65535/],
    [{ 'server.scheme': 'tcp' }, /http, https, h2c/],
    [{ 'server.prot': '80' }, /port, probably/],
    [{ strategy: 'random' }, /wrr/],
    [{ 'sticky.cookie.samesite': 'maybe' }, /none, lax, strict/],
    [{ 'sticky.cookie.path': '/; Domain=b.com' }, /a path/],
    [{ 'healthcheck.path': 'foo' }, /begins with \//],
    [{ 'healthcheck.interval': 'soon' }, /a duration/],
    [{ 'weighted.services': 'a' }, /one of/],
  ])('%j is refused', (options, expected) => {
    const { service, problems } = read(options);
    expect(service).toBeUndefined();
    expect(problems).toEqual([
      {
        message: expect.stringContaining('traefik.http.services.web.loadbalancer'),
        expected: expect.stringMatching(expected),
      },
    ]);
  });

  test('a servers transport is reported, and the certificate verified', () => {
    const { service, problems } = read({ serverstransport: 'insecure@file', 'server.scheme': 'https' });
    expect(service).toMatchObject({ tlsVerify: true });
    expect(problems).toMatchObject([{ expected: expect.stringContaining('tlsVerify') }]);
    expect(read({}, {}, false).service).toMatchObject({ tlsVerify: false });
  });
});

test.each([
  ['30', 30_000],
  [' 1m30s ', 90_000],
  ['0', 0],
  ['', undefined],
  ['-1', undefined],
  ['10d', undefined],
  ['999999999', undefined],
])('the duration %s is %s ms', (raw, ms) => {
  expect(readDuration(raw)).toBe(ms);
});
