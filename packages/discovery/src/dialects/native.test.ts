import { expect, test } from 'vitest';
import { inputOf } from './_input-of.ts';
import { native } from './native.ts';
import { PLAIN_SERVICE } from './plain-service.ts';

const read = (labels: Readonly<Record<string, string>>) => native.read(inputOf({ labelled: labels }));

test('labels without a service describe the one service of a container', () => {
  const { services, problems } = read({
    'dproxy.host': 'App.example.com, *.example.org',
    'dproxy.port': '3000',
    'dproxy.path': '/api/',
    'dproxy.protocol': 'https',
    'dproxy.tlsVerify': 'false',
    'dproxy.weight': '10',
    'dproxy.network': 'front',
    'dproxy.plugins': 'auth,limit',
    'dproxy.listeners': 'https',
    'dproxy.https': 'true',
    'dproxy.https.redirect': '301',
    'dproxy.HTTPS.hsts': 'Max-Age=60; preload',
    'dproxy.https.certificate': 'Acme',
    'dproxy.timeouts.connect': '250ms',
    'dproxy.timeouts.response': '5m',
    'dproxy.timeouts.idle': '1000',
    'dproxy.headers.request.set.X-Team': 'blue',
    'dproxy.headers.response.remove': 'Server, X-Powered-By',
    'com.example.other': 'ignored',
  });
  expect(problems).toEqual([]);
  expect(services).toEqual([
    {
      ...PLAIN_SERVICE,
      service: '',
      hosts: ['app.example.com', '*.example.org'],
      port: 3_000,
      path: '/api',
      protocol: 'https',
      proxyProtocol: '',
      tlsVerify: false,
      weight: 10,
      network: 'front',
      plugins: ['auth', 'limit'],
      listeners: ['https'],
      https: { redirect: 301, hsts: 'max-age=60; preload', certificate: 'acme' },
      timeouts: { connectMs: 250, responseMs: 300_000, idleMs: 1_000 },
      headers: {
        requestSet: [['x-team', 'blue']],
        requestRemove: [],
        responseSet: [],
        responseRemove: ['server', 'x-powered-by'],
      },
      answer: undefined,
    },
  ]);
});

test('what HTTPS means is said per service, and only what was said', () => {
  const https = (labels: Readonly<Record<string, string>>) => {
    const { services, problems } = read({ 'dproxy.web.port': '80', ...labels });
    return problems.length > 0 ? problems.map(({ message }) => message) : services[0]?.https;
  };
  expect(https({})).toEqual({});
  expect(https({ 'dproxy.web.https': 'false' })).toEqual({ redirect: 0 });
  expect(https({ 'dproxy.web.https.redirect': 'false' })).toEqual({ redirect: 0 });
  expect(https({ 'dproxy.web.https.redirect': 'true' })).toEqual({ redirect: 308 });
  expect(https({ 'dproxy.web.https.hsts': 'true' })).toEqual({ hsts: 'max-age=31536000' });
  expect(https({ 'dproxy.web.https.hsts': 'false' })).toEqual({ hsts: '' });
  for (const [key, value] of [
    ['redirect', '303'],
    ['hsts', 'includeSubDomains'],
    ['certificate', 'maybe'],
  ] as const) {
    expect(https({ [`dproxy.web.https.${key}`]: value })).toEqual([`dproxy.web.https.${key}=${value} cannot be used`]);
  }
});

test('named services stand beside each other, sorted, with the network of the container', () => {
  const { services, enable } = read({
    'dproxy.enable': 'true',
    'dproxy.network': 'front',
    'dproxy.web.host': 'a.example.com',
    'dproxy.Admin.host': 'b.example.com',
    'dproxy.Admin.network': 'back',
  });
  expect(enable).toBe(true);
  expect(services.map(({ service, hosts, network }) => [service, hosts[0], network])).toEqual([
    ['admin', 'b.example.com', 'back'],
    ['web', 'a.example.com', 'front'],
  ]);
});

test('a container is silent when no label is about a service', () => {
  expect(read({})).toMatchObject({ isSilent: true, enable: undefined });
  expect(read({ 'dproxy.enable': 'true', 'dproxy.network': 'x' })).toMatchObject({ isSilent: true, network: 'x' });
  expect(read({ 'dproxy.web.enable': 'false' })).toMatchObject({ isSilent: false, services: [] });
});

test('a label that cannot be used rejects its service only', () => {
  const { services, problems } = read({
    'dproxy.web.port': '99999',
    'dproxy.web.host': 'a.test',
    'dproxy.api.port': '80',
  });
  expect(services.map(({ service }) => service)).toEqual(['api']);
  expect(problems).toEqual([{ message: 'dproxy.web.port=99999 cannot be used', expected: 'a port from 1 to 65535' }]);
});

test('an unreadable enable hides the container', () => {
  expect(read({ 'dproxy.enable': 'fasle', 'dproxy.host': 'a.test' })).toMatchObject({ enable: false });
});

test.each([
  ['dproxy.hots', 'dproxy.host, probably'],
  ['dproxy.web.prot', 'dproxy.web.port, probably'],
  ['dproxy.timeout.connect', 'dproxy.timeouts.connect, probably'],
  ['dproxy.headers.reqest.remove', 'dproxy.headers.request.remove, probably'],
])('%s is unknown, and %s', (label, expected) => {
  expect(read({ [label]: 'x' }).problems).toEqual([{ message: `${label} is not a label that dproxy knows`, expected }]);
});

test('a label that resembles none lists the keys', () => {
  expect(read({ 'dproxy.web.banana': 'x' }).problems[0]?.expected).toMatch(
    /^dproxy\.web\. and one of enable, host, port/,
  );
});

test.each([
  ['dproxy.host', 'a.example.com:80'],
  ['dproxy.host', 'http://a.example.com'],
  ['dproxy.host', ' , '],
  ['dproxy.path', 'api'],
  ['dproxy.path', '/a/../b'],
  ['dproxy.port', '80.0'],
  ['dproxy.weight', '-1'],
  ['dproxy.protocol', 'ftp'],
  ['dproxy.proxyProtocol', 'v3'],
  ['dproxy.redirect', '//evil.example.com'],
  ['dproxy.redirect', 'javascript:alert(1)'],
  ['dproxy.redirect.status', '200'],
  ['dproxy.headers.request.set.Content_Length', '0'],
  ['dproxy.headers.request.set.X-A', 'a\r\nX-B: b'],
  ['dproxy.headers.request.remove', 'host'],
  ['dproxy.timeouts.idle', '1 fortnight'],
])('%s=%j is refused', (label, value) => {
  const { problems, services } = read({ [label]: value });
  expect(problems).toHaveLength(1);
  expect(services).toEqual([]);
});

test.each([
  ['h2c', 'h2c'],
  ['gRPC', 'h2c'],
  ['h2', 'h2'],
  ['grpcs', 'h2'],
])('the protocol %s is %s', (value, protocol) => {
  const { services } = read({ 'dproxy.protocol': value, 'dproxy.proxyProtocol': 'v2' });
  expect(services).toMatchObject([{ protocol, proxyProtocol: 'v2' }]);
});

test('a redirect has a place and a status', () => {
  const { services } = read({ 'dproxy.redirect': 'https://new.example.com/x', 'dproxy.redirect.status': '308' });
  expect(services[0]?.answer).toEqual({ type: 'redirect', status: 308, location: 'https://new.example.com/x' });
});

test('control characters of a label do not reach the message', () => {
  const [problem] = read({ 'dproxy.port': '8\u001b[31m0\n' }).problems;
  expect(problem?.message).toBe('dproxy.port=8?[31m0? cannot be used');
});

test('names of the prototype are no services that know keys', () => {
  const { problems } = read({ 'dproxy.__proto__.polluted': '1', 'dproxy.constructor.host': 'c.test' });
  expect(problems).toHaveLength(1);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('hosts are public claims, in every service; ports and paths are not', () => {
  expect(
    ['dproxy.host', 'dproxy.web.HOST', 'dproxy.port', 'dproxy.path', 'host'].map((label) =>
      native.isPublicClaim('label', label),
    ),
  ).toEqual([true, true, false, false, false]);
});

test('conditions, filters, balance and health checks are read as in dproxy.yml', () => {
  const { services, streams, problems } = read({
    'dproxy.web.host': 'a.test',
    'dproxy.web.path': '/api',
    'dproxy.web.match.path': 'exact',
    'dproxy.web.match.methods': 'GET,HEAD',
    'dproxy.web.priority': '-5',
    'dproxy.web.ports': '8080, 8443/https, 443',
    'dproxy.web.fallThrough': 'false',
    'dproxy.web.filters.1.stripPrefix': '/api',
    'dproxy.web.filters.2.allowClients': '10.0.0.0/8',
    'dproxy.web.balance': 'leastConnections',
    'dproxy.web.health.path': '/up',
    'dproxy.web.health.interval': '5s',
  });
  expect(problems).toEqual([]);
  expect(streams).toEqual([]);
  expect(services).toMatchObject([
    {
      service: 'web',
      hosts: ['a.test'],
      path: '/api',
      pathMatch: 'exact',
      condition: { type: 'method', methods: ['GET', 'HEAD'] },
      priority: -5,
      publicPorts: [
        { port: 8080, protocol: 'http' },
        { port: 8443, protocol: 'https' },
        { port: 443, protocol: 'https' },
      ],
      fallThrough: false,
      filters: [
        { type: 'stripPrefix', prefixes: ['/api'] },
        { type: 'allowClients', ranges: ['10.0.0.0/8'] },
      ],
      balance: { strategy: 'leastConnections' },
      health: { type: 'http', path: '/up', intervalMs: 5_000 },
    },
  ]);
});

test('a service of raw TCP or UDP has options of its own, and is no web service', () => {
  const { services, streams, problems } = read({
    'dproxy.db.tcp': '5432',
    'dproxy.db.port': '15432',
    'dproxy.db.weight': '3',
    'dproxy.mail.tcp.listen': 'https',
    'dproxy.mail.tcp.sni': 'mail.test',
    'dproxy.mail.tcp.health': 'tcp',
    'dproxy.dns.udp': '5353',
    'dproxy.dns.tcp': '5353',
    'dproxy.network': 'back',
  });
  expect(problems).toEqual([]);
  expect(services).toEqual([]);
  expect(streams).toMatchObject([
    {
      service: 'db',
      protocol: 'tcp',
      publicPort: 5432,
      port: 15_432,
      weight: 3,
      hosts: ['*'],
      tls: 'none',
      health: undefined,
    },
    { service: 'dns', protocol: 'tcp', publicPort: 5353, network: 'back' },
    { service: 'dns', protocol: 'udp', publicPort: 5353 },
    {
      service: 'mail',
      listener: 'https',
      publicPort: 0,
      hosts: ['mail.test'],
      tls: 'passthrough',
      health: { type: 'tcp' },
    },
  ]);
});

test('a service may have both: a host for the web, and a port for raw TCP', () => {
  const { services, streams } = read({ 'dproxy.host': 'a.test', 'dproxy.tcp': '9000' });
  expect(services).toMatchObject([{ service: '', hosts: ['a.test'] }]);
  expect(streams).toMatchObject([{ service: '', publicPort: 9000 }]);
});

test.each([
  ['dproxy.filters.1.stripPrefx', '/a', 'stripPrefix'],
  ['dproxy.match.methods', 'G E T', 'a method such as GET'],
  ['dproxy.balance', 'fastest', 'roundRobin'],
  ['dproxy.health.interval', 'soon', 'a duration such as'],
  ['dproxy.tcp', '22000/tcp', 'a port from 1 to 65535'],
  ['dproxy.ports', '8080/ftp', 'public ports such as 8080'],
  ['dproxy.priority', '1.5', 'a whole number'],
])('%s=%s is refused by its label, and its service with it', (label, value, expected) => {
  const { services, streams, problems } = read({ 'dproxy.host': 'a.test', [label]: value, 'dproxy.b.host': 'b.test' });
  expect(services.map(({ hosts }) => hosts[0])).toEqual(['b.test']);
  expect(streams).toEqual([]);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(label);
  expect(problems[0]?.expected).toContain(expected);
});

test('hosts and public ports claim something public, other labels do not', () => {
  for (const label of ['dproxy.host', 'dproxy.web.ports', 'dproxy.db.tcp', 'dproxy.db.tcp.listen', 'dproxy.x.udp']) {
    expect(native.isPublicClaim('label', label)).toBe(true);
  }
  for (const label of ['dproxy.port', 'dproxy.filters.1.retry', 'dproxy.match.path', 'dproxy.tcpx', 'host']) {
    expect(native.isPublicClaim('label', label)).toBe(false);
  }
  expect(native.isPublicClaim('env', 'dproxy.host')).toBe(false);
});
