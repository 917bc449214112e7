import { expect, test } from 'vitest';
import { inputOf } from '../_input-of.ts';
import { PLAIN_SERVICE } from '../plain-service.ts';
import { nginxProxy } from './index.ts';
import { LABEL, read, site } from './_read-nginx-proxy.ts';

test('a host alone is a site as nginx-proxy serves it by default', () => {
  expect(read({ VIRTUAL_HOST: 'App.Example.com' })).toEqual({
    enable: undefined,
    network: undefined,
    streams: [],
    isSilent: false,
    problems: [],
    services: [
      {
        ...PLAIN_SERVICE,
        hosts: ['app.example.com'],
        port: 80,
        fallThrough: false,
        https: { redirect: 301, hsts: 'max-age=31536000' },
      },
    ],
  });
});

test('a container without a host is silent, whatever variables of these names its program has', () => {
  for (const variables of [{}, { VIRTUAL_HOST: ' ' }, { HSTS: 'off', SSL_POLICY: 'x', VIRTUAL_PORT: '80' }]) {
    expect(read(variables)).toMatchObject({ isSilent: true, services: [], problems: [] });
  }
});

test('a list of hosts is trimmed, and empty parts are nothing', () => {
  expect(site({ VIRTUAL_HOST: ' foo.bar.com,, baz.bar.com ,bar.com,foo.bar.com' })?.hosts).toEqual([
    'foo.bar.com',
    'baz.bar.com',
    'bar.com',
  ]);
});

test.each([
  ['*.bar.com', ['*.bar.com']],
  ['.bar.com', ['bar.com', '*.bar.com']],
  ['BÜCHER.example', ['xn--bcher-kva.example']],
  ['localhost', ['localhost']],
])('the host %s is of the route table', (host, hosts) => {
  expect(site({ VIRTUAL_HOST: host })).toMatchObject({ hosts, condition: null, priority: 0, fallThrough: false });
});

test.each([
  ['foo.bar.*', '^foo\\.bar\\..+$'],
  ['~^foo\\.bar\\..*\\.nip\\.io', '(?i)^foo\\.bar\\..*\\.nip\\.io'],
])('the host %s is a pattern of every host', (host, pattern) => {
  expect(site({ VIRTUAL_HOST: host })).toMatchObject({
    hosts: ['*'],
    condition: { type: 'hostPattern', pattern },
    fallThrough: false,
  });
});

test('trailing wildcards come before patterns, the longer first, patterns in the order of the alphabet', () => {
  const order = ['~^b', 'a.*', '~^a', 'long.a.*'];
  const { services } = read({ VIRTUAL_HOST: order.join(',') });
  const byPriority = [...services].sort((a, b) => b.priority - a.priority);
  expect(byPriority.map(({ condition }) => condition)).toMatchObject([
    { pattern: '^long\\.a\\..+$' },
    { pattern: '^a\\..+$' },
    { pattern: '(?i)^a' },
    { pattern: '(?i)^b' },
  ]);
});

test('patterns of other containers count in that order, too', () => {
  const dialect = nginxProxy();
  const inputs = ['~^b', '~^a'].map((host) => inputOf({ variables: { VIRTUAL_HOST: host } }));
  const offers = inputs.flatMap((input) => dialect.offers?.(input) ?? []);
  const [b, a] = inputs.map((input) => dialect.read({ ...input, offers }).services[0]?.priority ?? 0);
  expect(a).toBeGreaterThan(b ?? 0);
});

test.each([
  ['foo.*.com', 'the host foo.*.com cannot be used'],
  ['*', 'the host * cannot be used'],
  ['*.foo.*', 'the host *.foo.* cannot be used'],
  ['foo.com:8080', 'the host foo.com:8080 cannot be used'],
  ['http://foo.com', 'the host http://foo.com cannot be used'],
  ['a\nb', 'the host a?b cannot be used'],
  ['a b', 'the host a b cannot be used'],
  ['\u001b[31mred', 'the host ?[31mred cannot be used'],
  ['~', 'the pattern ~ cannot be used: it is empty'],
  ['~(?=a)', 'the pattern ~(?=a) cannot be used: invalid or unsupported Perl syntax: `(?=`'],
])('the host %j is refused, and the one beside it is served', (host, message) => {
  const { services, problems } = read({ VIRTUAL_HOST: `${host},b.test` });
  expect(problems.map((each) => each.message)).toEqual([message]);
  expect(services.flatMap(({ hosts }) => hosts)).toEqual(['b.test']);
});

test('names of the prototype are hosts like others', () => {
  expect(site({ VIRTUAL_HOST: '__proto__,constructor' })?.hosts).toEqual(['__proto__', 'constructor']);
});

test('a list of commas names no host', () => {
  expect(read({ VIRTUAL_HOST: ',,' })).toMatchObject({
    isSilent: false,
    services: [],
    problems: [{ message: 'VIRTUAL_HOST=,, names no host' }],
  });
});

test.each(['VIRTUAL_HOST', 'VIRTUAL_HOST_MULTIPORTS'])('a megabyte of %s is refused at once', (name) => {
  const { services, problems } = read({ [name]: 'a.test,'.repeat(150_000) });
  expect(services).toEqual([]);
  expect(problems).toMatchObject([{ message: `${name} has 1050000 characters` }]);
});

test('thousands of hosts are refused', () => {
  const hosts = Array.from({ length: 1_025 }, (_, index) => `h${index}.test`).join(',');
  expect(read({ VIRTUAL_HOST: hosts })).toMatchObject({ services: [], problems: [{ expected: 'at most 1024' }] });
});

test.each([
  [{ VIRTUAL_PORT: '8080' }, [80, 3_000], 8_080],
  [{}, [3_000], 3_000],
  [{}, [3_000, 4_000], 80],
  [{}, [], 80],
  [{}, [5_432], 5_432],
])('the port of %j with the exposed ports %j is %j', (variables, tcpPorts, port) => {
  expect(site(variables, { tcpPorts })?.port).toBe(port);
});

test.each(['80,81', '0', '65536', '-1', 'http', '8e1', '80\n81'])(
  'VIRTUAL_PORT=%j leaves the container out',
  (port) => {
    const { services, problems } = read({ VIRTUAL_HOST: 'a.test', VIRTUAL_PORT: port });
    expect(services).toEqual([]);
    expect(problems).toMatchObject([
      { expected: 'one port from 1 to 65535; several are said with VIRTUAL_HOST_MULTIPORTS' },
    ]);
  },
);

test('on the network of the host a port must be named', () => {
  expect(read({ VIRTUAL_HOST: 'a.test' }, { networkMode: 'host' })).toMatchObject({
    services: [],
    problems: [{ expected: 'VIRTUAL_PORT=<port>' }],
  });
  expect(site({ VIRTUAL_PORT: '3000' }, { networkMode: 'host' })?.port).toBe(3_000);
});

test.each([
  ['/', { path: '/', pathMatch: 'segments', condition: null, priority: 0 }],
  ['/api/v2', { path: '/api/v2', pathMatch: 'prefix', condition: null, priority: 0 }],
  ['= /only', { path: '/only', pathMatch: 'exact', condition: null, priority: 30_000 }],
  ['=/only', { path: '/only', pathMatch: 'exact' }],
  ['^~ /img', { path: '/img', pathMatch: 'prefix', priority: 20_004 }],
  [
    '~^/(app1|alternative1)/',
    {
      path: '/',
      pathMatch: 'segments',
      condition: { type: 'pathPattern', pattern: '^/(app1|alternative1)/' },
      priority: 19_999,
    },
  ],
  ['~* \\.JPG$', { condition: { type: 'pathPattern', pattern: '(?i)\\.JPG$' } }],
])('VIRTUAL_PATH=%s', (path, expected) => {
  expect(site({ VIRTUAL_PATH: path })).toMatchObject(expected);
});

test('a path with a slash at its end takes what is below it, and sends there who forgot the slash', () => {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', VIRTUAL_PATH: '/app1/', VIRTUAL_DEST: '/' });
  expect(problems).toEqual([]);
  expect(services).toMatchObject([
    { service: '', path: '/app1/', pathMatch: 'prefix', filters: [{ type: 'replacePrefix', from: '/app1/', to: '/' }] },
    {
      service: 'site-2',
      path: '/app1',
      pathMatch: 'exact',
      filters: [{ type: 'redirectPattern', pattern: '^([^?]*)(\\?.*)?$', replacement: '${1}/${2}', permanent: true }],
    },
  ]);
});

test.each(['api', '/a b', '/a?b', '/a\nreturn 200', '/../x', '@named', '~(', '= api', '~(?<!x)y'])(
  'VIRTUAL_PATH=%j leaves the container out',
  (path) => {
    const { services, problems } = read({ VIRTUAL_HOST: 'a.test', VIRTUAL_PATH: path });
    expect(services).toEqual([]);
    expect(problems).toHaveLength(1);
  },
);

test.each([
  ['http', { protocol: 'http', backend: '', tlsVerify: true }],
  ['https', { protocol: 'https', backend: 'https-80', tlsVerify: false }],
  ['grpc', { protocol: 'h2c', backend: 'h2c-80', tlsVerify: true }],
  ['grpcs', { protocol: 'h2', backend: 'h2-80', tlsVerify: false }],
])('VIRTUAL_PROTO=%s', (proto, expected) => {
  expect(site({ VIRTUAL_PROTO: proto })).toMatchObject(expected);
});

test.each(['uwsgi', 'fastcgi', 'HTTPS', 'tcp', '__proto__'])('VIRTUAL_PROTO=%s is refused', (proto) => {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', VIRTUAL_PROTO: proto });
  expect(services).toEqual([]);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(`VIRTUAL_PROTO=${proto}`);
});

test.each([
  ['/x', '/y', [{ type: 'replacePrefix', from: '/x', to: '/y' }]],
  ['/', '/sub/', [{ type: 'replacePrefix', from: '/', to: '/sub/' }]],
  ['= /x', '/y', [{ type: 'replacePrefix', from: '/x', to: '/y' }]],
  ['/', '/', []],
  ['/x', '', []],
])('VIRTUAL_PATH=%s with VIRTUAL_DEST=%s', (path, dest, filters) => {
  expect(site({ VIRTUAL_PATH: path, VIRTUAL_DEST: dest })?.filters).toEqual(filters);
});

test.each([
  ['/x', 'y'],
  ['/x', '/$request_uri'],
  ['/x', '/?a=b'],
  ['/x', '/y\r\nX: y'],
  ['~^/x', '/y'],
])('VIRTUAL_PATH=%s with VIRTUAL_DEST=%j is a problem', (path, dest) => {
  expect(read({ VIRTUAL_HOST: 'a.test', VIRTUAL_PATH: path, VIRTUAL_DEST: dest }).problems).toHaveLength(1);
});

test.each([
  ['redirect', { redirect: 301, hsts: 'max-age=31536000' }, null],
  ['noredirect', { redirect: 0, hsts: '' }, null],
  ['nohttp', { redirect: 0, hsts: 'max-age=31536000' }, { type: 'encrypted', is: true }],
  ['nohttps', { redirect: 0, hsts: '', certificate: 'none' }, { type: 'encrypted', is: false }],
])('HTTPS_METHOD=%s', (method, https, condition) => {
  expect(site({ HTTPS_METHOD: method })).toMatchObject({ https, condition });
  expect(site({}, { options: { httpsMethod: method as 'redirect' } })).toMatchObject({ https, condition });
});

test('a method that nobody knows is a problem, and the default holds', () => {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', HTTPS_METHOD: 'redirct' });
  expect(services).toMatchObject([{ https: { redirect: 301 } }]);
  expect(problems).toEqual([
    { message: 'HTTPS_METHOD=redirct cannot be used', expected: 'redirect, noredirect, nohttp, nohttps' },
  ]);
});

test('conditions of host, path and method hold together', () => {
  expect(site({ VIRTUAL_HOST: '~^a', VIRTUAL_PATH: '~^/b', HTTPS_METHOD: 'nohttp' })?.condition).toEqual({
    type: 'all',
    of: [
      { type: 'hostPattern', pattern: '(?i)^a' },
      { type: 'pathPattern', pattern: '^/b' },
      { type: 'encrypted', is: true },
    ],
  });
});

test.each([
  ['off', ''],
  ['max-age=31536000; includeSubDomains; preload', 'max-age=31536000; includeSubDomains; preload'],
  ['max-age=1;', 'max-age=1'],
])('HSTS=%s', (hsts, value) => {
  expect(site({ HSTS: hsts })?.https.hsts).toBe(value);
});

test('a value of HSTS that browsers drop is a problem', () => {
  const { problems, services } = read({ VIRTUAL_HOST: 'a.test', HSTS: 'max-age=1\r\nset-cookie: a=b' });
  expect(problems[0]?.message).toBe('HSTS=max-age=1??set-cookie: a=b cannot be used');
  expect(services[0]?.https.hsts).toBe('max-age=31536000');
});

test.each([
  [{ NON_GET_REDIRECT: '308' }, {}, 308],
  [{}, { [`${LABEL}non-get-redirect`]: '307' }, 307],
  [{ NON_GET_REDIRECT: '308' }, { [`${LABEL}non-get-redirect`]: '301' }, 301],
])('%j with the labels %j redirects with %i', (variables, labels, redirect) => {
  expect(site(variables, { labels })?.https.redirect).toBe(redirect);
});

test('NETWORK_ACCESS=internal lets in private addresses only, and a slip of the pen does not open it', () => {
  const filter = {
    type: 'allowClients',
    ranges: ['127.0.0.0/8', '10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12', '::1/128'],
    by: { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 },
    status: 403,
  };
  expect(site({ NETWORK_ACCESS: 'internal' })?.filters).toEqual([filter]);
  expect(site({ NETWORK_ACCESS: 'external' })?.filters).toEqual([]);
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', NETWORK_ACCESS: 'Internal' });
  expect(services[0]?.filters).toEqual([filter]);
  expect(problems).toHaveLength(1);
  const options = { internalNetworks: ['100.64.0.0/10'] };
  expect(site({ NETWORK_ACCESS: 'internal' }, { options })?.filters).toMatchObject([{ ranges: ['100.64.0.0/10'] }]);
});

test.each([
  [{ EXTERNAL_HTTP_PORT: '8080' }, { listeners: ['https'], publicPorts: [{ port: 8_080, protocol: 'http' }] }],
  [
    { EXTERNAL_HTTPS_PORT: '8448', HTTPS_METHOD: 'noredirect' },
    { listeners: ['http'], publicPorts: [{ port: 8_448, protocol: 'https' }] },
  ],
  [
    { EXTERNAL_HTTP_PORT: '8080', EXTERNAL_HTTPS_PORT: '8443', HTTPS_METHOD: 'nohttp' },
    {
      listeners: [],
      publicPorts: [
        { port: 8_080, protocol: 'http' },
        { port: 8_443, protocol: 'https' },
      ],
    },
  ],
  [
    { EXTERNAL_HTTP_PORT: '80', EXTERNAL_HTTPS_PORT: '443' },
    { listeners: [], publicPorts: [] },
  ],
])('%j are public ports instead of 80 and 443', (variables, expected) => {
  expect(site(variables)).toMatchObject(expected);
});

test('plain HTTP is not redirected to where a site with an own HTTPS port is not', () => {
  const { services, problems } = read({ VIRTUAL_HOST: 'a.test', EXTERNAL_HTTPS_PORT: '8448' });
  expect(services).toMatchObject([{ https: { redirect: 0 } }]);
  expect(problems).toMatchObject([{ message: 'plain HTTP of a.test is answered, not redirected to port 8448' }]);
});
