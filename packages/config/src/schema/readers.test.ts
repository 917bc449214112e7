import { describe, expect, it } from 'vitest';
import { readEngineUrl } from './engine-url.ts';
import { readCidr, readListenAddress } from './network.ts';
import { readHost } from './host-name.ts';
import { readPath } from './route-entry.ts';
import { duration, size } from './units.ts';
import { readHttpUpstream, readTcpUpstream } from './upstream-url.ts';

describe('units', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1d', 86_400_000],
    [0, 0],
  ])('reads the duration %s', (raw, ms) => {
    expect(duration(0).parse(raw)).toBe(ms);
  });

  it.each(['30', '5 m', '-1s', '1e3s', 'forever', '25d', -1, 1.5, Number.NaN, Infinity, 2_147_483_648, null, true])(
    'refuses the duration %s',
    (raw) => {
      expect(duration(0).safeParse(raw).success).toBe(false);
    },
  );

  it('refuses zero where a limit must stay finite', () => {
    expect(duration(1).safeParse(0).success).toBe(false);
    expect(duration(1).safeParse('0s').success).toBe(false);
  });

  it('reads sizes in both kinds of thousands', () => {
    expect(['64KiB', '1MiB', '500kB', '12B', 7].map((raw) => size(1).parse(raw))).toEqual([
      65_536, 1_048_576, 500_000, 12, 7,
    ]);
    expect(['64K', '1.5MiB', '2GiB', ''].every((raw) => !size(1).safeParse(raw).success)).toBe(true);
  });
});

describe('addresses', () => {
  it.each([
    ['80', { host: '', port: 80 }],
    ['*:80', { host: '', port: 80 }],
    [':80', { host: '', port: 80 }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['localhost:80', { host: '127.0.0.1', port: 80 }],
    ['[2001:DB8::0]:80', { host: '2001:db8::', port: 80 }],
  ])('listens at %s', (raw, value) => {
    expect(readListenAddress(raw)).toEqual({ value });
  });

  it.each(['', 'x:80', '::1:80', '[::1]', '1.2.3.4', '1.2.3.4:65536', '[1.2.3.4]:80', '1.2.3.4:80/x', 'a b:80'])(
    'does not listen at %j',
    (raw) => {
      expect(readListenAddress(raw)).toHaveProperty('problem');
    },
  );

  it('reads address blocks in one spelling', () => {
    expect(readCidr('10.0.0.0/8')).toEqual({ value: '10.0.0.0/8' });
    expect(readCidr('10.1.2.3')).toEqual({ value: '10.1.2.3/32' });
    expect(readCidr('2001:DB8::0/032')).toEqual({ value: '2001:db8::/32' });
    for (const raw of ['10.0.0.0/33', '10.0.0/8', 'private', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '']) {
      expect(readCidr(raw)).toHaveProperty('problem');
    }
  });
});

describe('hosts and paths', () => {
  it('spells a host in one way', () => {
    expect(readHost('App.Example.COM.')).toEqual({ value: 'app.example.com' });
    expect(readHost('*.Bücher.example')).toEqual({ value: '*.xn--bcher-kva.example' });
    expect(readHost('my_app.localhost')).toEqual({ value: 'my_app.localhost' });
  });

  it.each([
    'a.b:80',
    '[::1]:80',
    '*',
    '*.*.b',
    'a.*.b',
    'foo*.b',
    'a..b',
    '-a.b',
    'a b',
    'http://a.b',
    '__proto__/',
    '',
  ])('refuses the host %j', (raw) => {
    expect(readHost(raw)).toHaveProperty('problem');
  });

  it('spells a path in one way and refuses what no request could match', () => {
    expect(readPath('/api/')).toEqual({ value: '/api/' });
    expect(readPath('/%41%2f')).toEqual({ value: '/A%2F' });
    for (const raw of ['api', '/a?b', '/a#b', '/a/../b', '/%00', '']) expect(readPath(raw)).toHaveProperty('problem');
  });
});

describe('backends', () => {
  it.each([
    ['http://127.0.0.1:3000', { protocol: 'http', address: '127.0.0.1', port: 3000 }],
    ['http://App.internal/', { protocol: 'http', address: 'app.internal', port: 80 }],
    ['https://app.internal', { protocol: 'https', address: 'app.internal', port: 443 }],
    ['app:3000', { protocol: 'http', address: 'app', port: 3000 }],
    ['http://[2001:db8::1]:80', { protocol: 'http', address: '2001:db8::1', port: 80 }],
  ])('sends to %s', (raw, value) => {
    expect(readHttpUpstream(raw)).toEqual({ value });
  });

  it.each([
    'ftp://a',
    'http://a/path',
    'http://a?x',
    'http://user:pw@a',
    'http://a:0',
    'http://a:65536',
    'http://169.254.169.254',
    'http://[::ffff:169.254.169.254]:80',
    'http://[fe80::1]:80',
    'http://0.0.0.0:80',
    'http://2852039166',
    'http://*.a:80',
    'http://',
    '::1:80',
  ])('refuses to send to %s', (raw) => {
    expect(readHttpUpstream(raw)).toHaveProperty('problem');
  });

  it('asks for a port where TCP has no default', () => {
    expect(readTcpUpstream('db:5432')).toEqual({ value: { protocol: 'tcp', address: 'db', port: 5432 } });
    expect(readTcpUpstream('tcp://db:5432')).toHaveProperty('value');
    expect(readTcpUpstream('db')).toHaveProperty('problem');
    expect(readTcpUpstream('http://db:5432')).toHaveProperty('problem');
  });
});

describe('engines', () => {
  it.each([
    [
      'unix:///run/docker.sock',
      { name: 'unix:///run/docker.sock', socketPath: '/run/docker.sock', host: '', port: 0, isHttps: false },
    ],
    [
      'tcp://10.0.0.5:2376',
      { name: 'tcp://10.0.0.5:2376', socketPath: '', host: '10.0.0.5', port: 2376, isHttps: false },
    ],
    ['10.0.0.5:2375', { name: 'tcp://10.0.0.5:2375', socketPath: '', host: '10.0.0.5', port: 2375, isHttps: false }],
    ['tcp://engine', { name: 'tcp://engine:2375', socketPath: '', host: 'engine', port: 2375, isHttps: false }],
    ['http://engine/', { name: 'http://engine:2375', socketPath: '', host: 'engine', port: 2375, isHttps: false }],
    ['https://[::1]', { name: 'https://[::1]:2376', socketPath: '', host: '::1', port: 2376, isHttps: true }],
  ])('reads %s', (raw, value) => {
    expect(readEngineUrl(raw)).toEqual({ value });
  });

  it.each([
    'unix://run/docker.sock',
    'ssh://me@host',
    'npipe:////./pipe/docker',
    'tcp://',
    'tcp://a:0',
    'tcp://a/b',
    'x y',
    '',
  ])('refuses %j', (raw) => {
    expect(readEngineUrl(raw)).toHaveProperty('problem');
  });

  it('refuses a socket whose path the kernel would cut', () => {
    expect(readEngineUrl(`unix:///${'x'.repeat(107)}`)).toHaveProperty('problem');
  });
});
