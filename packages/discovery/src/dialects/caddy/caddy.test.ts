import { compileCondition } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { inputOf } from '../_input-of.ts';
import type { Offer, ServiceClaims } from '../dialect.ts';
import { caddy } from './index.ts';

const HASH = `$2a$14$${'a'.repeat(53)}`;
const dialect = caddy({});

interface Labels {
  readonly [label: string]: string;
}

function read(labels: Labels, offers: readonly Offer[] = []) {
  return dialect.read(inputOf({ labelled: labels }, { offers }));
}

/** The services of labels that are understood to the last word. */
function servicesOf(labels: Labels): readonly ServiceClaims[] {
  const { services, problems } = read(labels);
  expect(problems).toEqual([]);
  return services;
}

/** Who of the services answers a request, as the table of routes chooses. */
function answering(services: readonly ServiceClaims[], path: string, host = 'a.test', method = 'GET') {
  const facts = {
    method,
    host,
    path,
    header: () => [],
    cookie: () => [],
    query: () => [],
    clientAddress: '203.0.113.9',
    isEncrypted: false,
  };
  return services
    .toSorted((a, b) => b.priority - a.priority)
    .find(({ condition }) => condition === null || compileCondition(condition)(facts));
}

/** `port`, `status` or `-> location`, and the types of the filters. */
function outcome(services: readonly ServiceClaims[], path: string, host?: string, method?: string): string {
  const found = answering(services, path, host, method);
  if (found === undefined) return 'nothing';
  const { answer, port, filters } = found;
  const end =
    answer === undefined ? String(port) : answer.type === 'redirect' ? `-> ${answer.location}` : answer.status;
  return [end, ...filters.map(({ type }) => type)].join(' ');
}

function messagesOf(labels: Labels): readonly string[] {
  return read(labels).problems.map(({ message, expected }) => `${message} -> ${expected}`);
}

describe('the examples of its README', () => {
  it('proxies a domain to the container', () => {
    const [service, ...more] = servicesOf({ caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' });
    expect(more).toEqual([]);
    expect(service).toMatchObject({ hosts: ['a.test'], port: 80, protocol: 'http', condition: null, priority: 0 });
    expect(service).toMatchObject({ listeners: [], publicPorts: [], https: {}, fallThrough: false, path: '/' });
  });

  it.each([
    ['{{upstreams}}', 80, 'http'],
    ['{{upstreams https}}', 443, 'https'],
    ['{{upstreams 8080}}', 8_080, 'http'],
    ['{{upstreams http 8080}}', 8_080, 'http'],
    ['{{ upstreams h2c 5000 }}', 5_000, 'h2c'],
    ['"{{upstreams 8080}}"', 8_080, 'http'],
    ['web:3000', 3_000, 'http'],
    ['https://web', 443, 'https'],
  ])('sends %s to port %d over %s', (value, port, protocol) => {
    expect(servicesOf({ caddy: 'a.test', 'caddy.reverse_proxy': value })).toMatchObject([{ port, protocol }]);
  });

  it('proxies to a path below the container', () => {
    const [service] = servicesOf({
      caddy: 'a.test',
      'caddy.rewrite': '* /target{path}',
      'caddy.reverse_proxy': '{{upstreams}}',
    });
    expect(service?.filters).toEqual([{ type: 'addPrefix', prefix: '/target' }]);
  });

  it('proxies what matches a path, as handle, handle_path and route say', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.handle_path': '/source/*',
      'caddy.handle_path.0_rewrite': '* /target{uri}',
      'caddy.handle_path.1_reverse_proxy': '{{upstreams}}',
    });
    expect(outcome(services, '/source/x')).toBe('80 stripPrefixPattern addPrefix');
    expect(outcome(services, '/Source/x')).toBe('80 stripPrefixPattern addPrefix');
    expect(outcome(services, '/source')).toBe('nothing');
    const handled = servicesOf({
      caddy: 'a.test',
      'caddy.handle': '/source/*',
      'caddy.handle.0_reverse_proxy': '{{upstreams}}',
    });
    expect([outcome(handled, '/source/x'), outcome(handled, '/')]).toEqual(['80', 'nothing']);
  });

  it('proxies with a named matcher and route, in the order that is written there', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.@match.path': '/sourcepath /sourcepath/*',
      'caddy.route': '@match',
      'caddy.route.0_uri': 'strip_prefix /sourcepath',
      'caddy.route.1_rewrite': '* /targetpath{path}',
      'caddy.route.2_reverse_proxy': '{{upstreams 80}}',
      'caddy.tls': 'internal',
    });
    expect(outcome(services, '/sourcepath/a')).toBe('80 stripPrefixPattern addPrefix');
    expect(outcome(services, '/other')).toBe('nothing');
    expect(services[0]?.https).toEqual({ certificate: 'none' });
  });

  it('proxies several domains, WebSockets and an API', () => {
    const services = servicesOf({
      caddy: 'a.test, b.test, www.a.test',
      'caddy.@ws.0_header': 'Connection *Upgrade*',
      'caddy.@ws.1_header': 'Upgrade websocket',
      'caddy.0_reverse_proxy': '@ws {{upstreams}}',
      'caddy.1_reverse_proxy': '/api* {{upstreams 81}}',
    });
    expect(services.map(({ hosts }) => hosts)).toEqual([
      ['a.test', 'b.test', 'www.a.test'],
      ['a.test', 'b.test', 'www.a.test'],
    ]);
    expect([outcome(services, '/apis'), outcome(services, '/')]).toEqual(['81', 'nothing']);
  });

  it('redirects', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.redir_0': '/favicon.ico  /alternative/icon.ico 302',
      'caddy.redir_1': '/photo.png    /updated-photo.png    permanent',
    });
    expect(outcome(services, '/favicon.ico')).toBe('-> /alternative/icon.ico');
    expect(answering(services, '/photo.png')?.answer).toMatchObject({ status: 301 });
    expect(outcome(services, '/faviconxico')).toBe('nothing');
  });

  it('has several sites and snippets on one container', () => {
    const services = servicesOf({
      caddy_0: '(snippet)',
      'caddy_0.tls': 'internal',
      'caddy_0.header': 'X-{args[0]} {args.1}',
      caddy_1: 'a.test',
      'caddy_1.import': 'snippet A b',
      'caddy_1.reverse_proxy': '{{upstreams 80}}',
      caddy_2: 'b.test',
      'caddy_2.reverse_proxy': '{{upstreams 81}}',
    });
    expect(services.map(({ hosts, port, https }) => [hosts[0], port, https.certificate])).toEqual([
      ['a.test', 80, 'none'],
      ['b.test', 81, undefined],
    ]);
    expect(services[0]?.filters).toEqual([
      { type: 'headers', request: [], response: [{ operation: 'set', name: 'x-a', value: 'b' }] },
    ]);
    expect(new Set(services.map(({ service }) => service)).size).toBe(2);
  });

  it('takes one label of a wildcard, and hosts in it', () => {
    const services = servicesOf({
      caddy: '*.a.test',
      'caddy.1_@foo': 'host foo.a.test',
      'caddy.1_handle': '@foo',
      'caddy.1_handle.reverse_proxy': '{{upstreams 8080}}',
      'caddy.2_handle': '',
      'caddy.2_handle.respond': '"none of them" 404',
    });
    expect(services.every(({ hosts }) => hosts[0] === '*.a.test')).toBe(true);
    expect(outcome(services, '/', 'foo.a.test')).toBe('8080');
    expect(outcome(services, '/', 'bar.a.test')).toBe('404');
    expect(outcome(services, '/', 'x.bar.a.test')).toBe('nothing');
  });
});

describe('addresses of sites', () => {
  it.each<[string, Partial<ServiceClaims>]>([
    ['http://a.test', { hosts: ['a.test'], listeners: ['http'], https: { redirect: 0, certificate: 'none' } }],
    ['https://A.test.', { hosts: ['a.test'], listeners: [], https: {} }],
    ['a.test:443', { hosts: ['a.test'], listeners: [], publicPorts: [] }],
    ['a.test:8443', { hosts: ['a.test'], publicPorts: [{ port: 8_443, protocol: 'https' }] }],
    ['http://a.test:8080', { hosts: ['a.test'], listeners: [], publicPorts: [{ port: 8_080, protocol: 'http' }] }],
    [':8080', { hosts: ['*'], publicPorts: [{ port: 8_080, protocol: 'http' }] }],
    [':80', { hosts: ['*'], listeners: ['http'] }],
  ])('reads %s', (address, claims) => {
    expect(servicesOf({ caddy: address, 'caddy.reverse_proxy': '{{upstreams 80}}' })).toMatchObject([claims]);
  });

  it('keeps addresses apart that answer at different places', () => {
    const services = servicesOf({ caddy: 'a.test http://b.test c.test', 'caddy.reverse_proxy': '{{upstreams 80}}' });
    expect(services.map(({ hosts }) => hosts)).toEqual([['a.test', 'c.test'], ['b.test']]);
  });

  it.each(['a.test/path', '{$DOMAIN}', 'a.test:99999', 'ftp://a.test', '*.*.test', '{{.Name}}'])(
    'refuses %s',
    (address) => {
      const labels = { caddy: address, 'caddy.reverse_proxy': '{{upstreams 80}}' };
      expect(read(labels).services).toEqual([]);
      expect(messagesOf(labels).at(-1)).toMatch(/left out/);
    },
  );
});

describe('the order of directives', () => {
  it('is that of Caddy, but in route', () => {
    const labels = (around: string): Labels => ({
      caddy: 'a.test',
      [`caddy.${around}1_rewrite`]: '* /x{path}',
      [`caddy.${around}2_header`]: 'X-A b',
      [`caddy.${around}3_reverse_proxy`]: '{{upstreams 80}}',
    });
    expect(outcome(servicesOf(labels('')), '/')).toBe('80 headers addPrefix');
    expect(outcome(servicesOf(labels('route.')), '/')).toBe('80 addPrefix headers');
  });

  it('has the longer path first, and what has no matcher last', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.1_reverse_proxy': '{{upstreams 1}}',
      'caddy.2_reverse_proxy': '/a* {{upstreams 2}}',
      'caddy.3_reverse_proxy': '/a/b* {{upstreams 3}}',
      'caddy.4_reverse_proxy': '/a/b {{upstreams 4}}',
    });
    expect(['/', '/a', '/a/b/c', '/a/b'].map((path) => outcome(services, path))).toEqual(['1', '2', '3', '4']);
  });

  it('gives a request to one handle only, and to nothing behind it that is a handle', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.handle_1': '/a/*',
      'caddy.handle_1.reverse_proxy': '/a/in* {{upstreams 1}}',
      'caddy.handle_2': '/*',
      'caddy.handle_2.reverse_proxy': '{{upstreams 2}}',
    });
    expect(['/a/in', '/a/out', '/b'].map((path) => outcome(services, path))).toEqual(['1', '404', '2']);
  });

  it('sees paths in handle_path without what was stripped', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.handle_path': '/api/*',
      'caddy.handle_path.handle_1': '/in/*',
      'caddy.handle_path.handle_1.reverse_proxy': '{{upstreams 1}}',
      'caddy.handle_path.handle_2.reverse_proxy': '{{upstreams 2}}',
    });
    expect(['/api/in/x', '/api/x', '/in/x'].map((path) => outcome(services, path))).toEqual([
      '1 stripPrefixPattern',
      '2 stripPrefixPattern',
      'nothing',
    ]);
  });

  it('lets only the first rewrite happen that matches', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.rewrite_1': '/a /one',
      'caddy.rewrite_2': '* /two',
      'caddy.reverse_proxy': '{{upstreams 80}}',
    });
    const replaced = (path: string) => answering(services, path)?.filters[0];
    expect([replaced('/a'), replaced('/b')]).toMatchObject([{ path: '/one' }, { path: '/two' }]);
  });

  it('knows on each way which matchers hold, and makes no way that nobody can take', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.header_0': '/api/* X-A b',
      'caddy.header_1': '/* X-C d',
      'caddy.reverse_proxy_0': '/api/* {{upstreams 1}}',
      'caddy.reverse_proxy_1': '{{upstreams 2}}',
    });
    expect(services).toHaveLength(2);
    expect([outcome(services, '/api/x'), outcome(services, '/')]).toEqual(['1 headers headers', '2 headers']);
  });

  it('orders sites of several containers as one', () => {
    const api = servicesOf({
      caddy: 'a.test',
      'caddy.handle_path': '/api/*',
      'caddy.handle_path.reverse_proxy': '{{upstreams 1}}',
    });
    const rest = servicesOf({
      caddy: 'a.test',
      'caddy.reverse_proxy_1': '/api/v1/* {{upstreams 2}}',
      'caddy.reverse_proxy_2': '{{upstreams 3}}',
    });
    const services = [...rest, ...api];
    expect(outcome(services, '/api/v1/x')).toBe('1 stripPrefixPattern');
    expect(outcome(services, '/other')).toBe('3');
  });
});

describe('locks', () => {
  it('asks for a password where it is said, whatever the case of letters and the length of the path', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.basic_auth': '/admin*',
      'caddy.basic_auth.bob': HASH,
      'caddy.reverse_proxy': '{{upstreams 80}}',
    });
    expect(outcome(services, '/admin/x')).toBe('80 basicAuth');
    expect(outcome(services, '/ADMIN')).toBe('80 basicAuth');
    expect(outcome(services, '/')).toBe('80');
    expect(outcome(services, `/admin/${'x'.repeat(12_000)}`)).toBe('nothing');
  });

  it('keeps out by answers, too', () => {
    const services = servicesOf({
      caddy: 'a.test',
      'caddy.@private': 'path /internal/*',
      'caddy.respond': '@private 403',
      'caddy.abort': '/evil*',
      'caddy.reverse_proxy': '{{upstreams 80}}',
    });
    expect(
      ['/internal/x', '/evil', '/', `/internal/${'x'.repeat(12_000)}`].map((path) => outcome(services, path)),
    ).toEqual(['403', '403', '80', 'nothing']);
  });

  it('reads hashes as users', () => {
    const [service] = servicesOf({
      caddy: 'a.test',
      'caddy.basicauth.a\\.b': HASH,
      'caddy.basicauth.old': Buffer.from(HASH).toString('base64'),
      'caddy.reverse_proxy': '{{upstreams 80}}',
    });
    expect(service?.filters).toEqual([
      {
        type: 'basicAuth',
        users: [
          ['a.b', HASH],
          ['old', HASH],
        ],
        realm: 'restricted',
        removeHeader: true,
        userHeader: '',
      },
    ]);
  });

  it.each<[string, Labels]>([
    ['a hash that is none', { 'caddy.basic_auth.bob': 'hunter2' }],
    ['another kind of hash', { 'caddy.basic_auth': 'argon2id', 'caddy.basic_auth.bob': 'hunter2' }],
    ['nobody', { 'caddy.basic_auth': '' }],
    ['a server that nobody may ask', { 'caddy.forward_auth': '169.254.169.254', 'caddy.forward_auth.uri': '/' }],
    ['forward_auth without uri', { 'caddy.forward_auth': 'auth:9091' }],
    ['client certificates', { 'caddy.tls.client_auth.mode': 'require' }],
    [
      'a matcher that is not known',
      { 'caddy.@m': 'expression true', 'caddy.basic_auth': '@m', 'caddy.basic_auth.bob': HASH },
    ],
    ['a header that must not reach the backend', { 'caddy.request_header': '-X-Auth-*' }],
    ['a directive that nobody knows', { 'caddy.rate_limit': '10' }],
    ['a template', { 'caddy.basic_auth.bob': '{{env "HASH"}}' }],
  ])('leaves the site out for %s, and tells no password', (_what, labels) => {
    const all = { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}', ...labels };
    expect(read(all).services).toEqual([]);
    expect(messagesOf(all).join('\n')).toMatch(/the site a\.test is left out/);
    expect(messagesOf(all).join('\n')).not.toContain(HASH);
    expect(messagesOf(all).join('\n')).not.toContain('hunter2');
  });

  it('holds for the same site of other containers', () => {
    const door = inputOf({
      name: 'door',
      labelled: { caddy: 'a.test', 'caddy.@m': 'path /x*', 'caddy.basic_auth': '@m', 'caddy.basic_auth.bob': HASH },
    });
    const offers = dialect.offers?.(door) ?? [];
    const { services } = read(
      { caddy: 'a.test', 'caddy.@m': 'path /y', 'caddy.reverse_proxy': '{{upstreams 80}}' },
      offers,
    );
    expect([outcome(services, '/x'), outcome(services, '/y')]).toEqual(['80 basicAuth', '80']);
    const { services: other } = read({ caddy: 'b.test', 'caddy.reverse_proxy': '{{upstreams 80}}' }, offers);
    expect(outcome(other, '/x')).toBe('80');
  });

  it('asks another server, which may name the user', () => {
    const [service] = servicesOf({
      caddy: 'a.test',
      'caddy.forward_auth': 'authelia:9091',
      'caddy.forward_auth.uri': '/api/authz/forward-auth',
      'caddy.forward_auth.copy_headers': 'Remote-User Remote-Groups',
      'caddy.reverse_proxy': '{{upstreams 80}}',
    });
    expect(service?.filters).toMatchObject([
      {
        type: 'forwardAuth',
        url: 'http://authelia:9091/api/authz/forward-auth',
        responseHeaders: ['remote-user', 'remote-groups'],
      },
    ]);
  });
});

describe('reverse_proxy', () => {
  const site = (more: Labels) => servicesOf({ caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}', ...more })[0];

  it('balances, checks and passes over', () => {
    const service = site({
      'caddy.reverse_proxy.lb_policy': 'cookie session',
      'caddy.reverse_proxy.lb_retries': '2',
      'caddy.reverse_proxy.fail_duration': '30s',
      'caddy.reverse_proxy.max_fails': '3',
      'caddy.reverse_proxy.health_uri': '/health',
      'caddy.reverse_proxy.health_interval': '1m30s',
      'caddy.reverse_proxy.health_status': '2xx',
    });
    expect(service?.balance).toMatchObject({
      strategy: 'roundRobin',
      sticky: { name: 'session' },
      ejection: { failures: 3, windowMs: 30_000, ejectMs: 30_000, statuses: false },
    });
    expect(service?.health).toMatchObject({
      path: '/health',
      intervalMs: 90_000,
      statuses: [[200, 299]],
      rise: 1,
      fall: 1,
    });
    expect(service?.filters).toMatchObject([{ type: 'retry', attempts: 3 }]);
  });

  it.each([
    ['least_conn', { strategy: 'leastConnections' }],
    ['random', { strategy: 'random' }],
    ['first', { strategy: 'first' }],
    ['ip_hash', { strategy: 'hash', hashBy: { type: 'client' } }],
    ['uri_hash', { strategy: 'hash', hashBy: { type: 'path' } }],
    ['header X-Id', { strategy: 'hash', hashBy: { type: 'header', name: 'x-id' } }],
  ])('has the policy %s', (policy, balance) => {
    expect(site({ 'caddy.reverse_proxy.lb_policy': policy })?.balance).toMatchObject(balance);
  });

  it('speaks to the backend as transport says', () => {
    const service = site({
      'caddy.reverse_proxy.transport': 'http',
      'caddy.reverse_proxy.transport.tls_insecure_skip_verify': '',
      'caddy.reverse_proxy.transport.dial_timeout': '2s',
      'caddy.reverse_proxy.transport.proxy_protocol': 'v2',
    });
    expect(service).toMatchObject({
      protocol: 'https',
      tlsVerify: false,
      proxyProtocol: 'v2',
      timeouts: { connectMs: 2_000 },
    });
    const grpc = site({ 'caddy.reverse_proxy.transport': 'http', 'caddy.reverse_proxy.transport.versions': 'h2c 2' });
    expect(grpc?.protocol).toBe('h2c');
  });

  it('changes headers, and does not mind those that dproxy sends anyway', () => {
    const service = site({
      'caddy.reverse_proxy.header_up_0': 'X-Real-IP {remote_host}',
      'caddy.reverse_proxy.header_up_1': 'Host {host}',
      'caddy.reverse_proxy.header_up_2': 'X-A b',
      'caddy.reverse_proxy.header_down': '-Server',
    });
    expect(service?.filters).toEqual([
      { type: 'headers', request: [{ operation: 'set', name: 'x-a', value: 'b' }], response: [] },
      { type: 'headers', request: [], response: [{ operation: 'remove', name: 'server', value: '' }] },
    ]);
  });

  it('shares its requests between several ports', () => {
    const services = servicesOf({ caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}} {{upstreams 81}}' });
    expect(services.map(({ port, service }) => [port, service])).toEqual([
      [80, '0.0.0.0'],
      [81, '0.0.0.1'],
    ]);
  });

  it.each<[string, Labels]>([
    ['an address that is not its own', { 'caddy.reverse_proxy': 'other:80' }],
    ['localhost', { 'caddy.reverse_proxy': 'localhost:6001' }],
    ['nothing', { 'caddy.reverse_proxy': '' }],
    ['fastcgi', { 'caddy.reverse_proxy.transport': 'fastcgi' }],
    ['handle_response', { 'caddy.reverse_proxy.handle_response.respond': '200' }],
    ['dynamic upstreams', { 'caddy.reverse_proxy.dynamic': 'a x' }],
    ['file_server', { 'caddy.file_server': '' }],
    ['php_fastcgi', { 'caddy.php_fastcgi': '{{upstreams 9000}}' }],
    ['templates', { 'caddy.templates': '' }],
    ['a snippet that is not there', { 'caddy.import': 'nowhere' }],
    ['a redirect with a placeholder', { 'caddy.redir': '/x /y{re.1.2}' }],
    ['a rewrite with a query', { 'caddy.rewrite': '* /x?{query}' }],
    [
      'a path matcher behind a rewrite',
      { 'caddy.rewrite': '* /x{path}', 'caddy.handle': '/y', 'caddy.handle.respond': '200' },
    ],
  ])('leaves the site out for %s, and names the label', (_what, labels) => {
    const all = { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}', ...labels };
    expect(read(all).services).toEqual([]);
    expect(messagesOf(all).join('\n')).toMatch(/^caddy\.\S.*the site a\.test is left out/m);
  });

  it.each<[string, Labels]>([
    ['log_skip', { 'caddy.log_skip': '' }],
    ['a header with a placeholder', { 'caddy.header': 'X-A {http.request.host}' }],
    ['a header only where there is none', { 'caddy.header': '?X-A b' }],
    ['the DNS of an authority', { 'caddy.tls.dns': 'route53' }],
    ['an encoding that is not known', { 'caddy.encode': 'lzma gzip' }],
    ['handle_errors', { 'caddy.handle_errors.respond': '"x" 500' }],
  ])('serves the site without %s, and says so', (_what, labels) => {
    const all = { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}', ...labels };
    expect(read(all).services).toHaveLength(1);
    expect(messagesOf(all)).toEqual([expect.stringMatching(/is served without it/)]);
  });

  it('refuses one site of a container, not the others', () => {
    const labels = {
      caddy_0: 'a.test',
      'caddy_0.file_server': '',
      caddy_1: 'b.test',
      'caddy_1.reverse_proxy': '{{upstreams 80}}',
    };
    expect(read(labels).services.map(({ hosts }) => hosts)).toEqual([['b.test']]);
  });

  it('is bounded in the ways through a site', () => {
    const headers = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`caddy.header_${index}`, `/a${index}* X-A b`]),
    );
    expect(messagesOf({ caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}', ...headers })).toEqual([
      expect.stringMatching(/too many ways/),
    ]);
  });
});

describe('bodies and answers', () => {
  const filtersOf = (labels: Labels) =>
    servicesOf({ caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}', ...labels })[0]?.filters;

  it('compresses and limits', () => {
    expect(filtersOf({ 'caddy.encode': 'zstd gzip' })).toMatchObject([
      { type: 'compress', encodings: ['zstd', 'gzip'] },
    ]);
    expect(filtersOf({ 'caddy.encode': '' })).toMatchObject([{ type: 'compress', encodings: ['zstd', 'gzip'] }]);
    expect(filtersOf({ 'caddy.request_body.max_size': '10MB' })).toEqual([
      { type: 'buffer', maxRequestBytes: 10_000_000, maxResponseBytes: 0 },
    ]);
  });

  it('answers itself', () => {
    const answer = (value: string) => servicesOf({ caddy: 'a.test', 'caddy.respond': value })[0]?.answer;
    expect(answer('"Hello World" 201')).toMatchObject({ status: 201, body: 'Hello World' });
    expect(answer('204')).toMatchObject({ status: 204, body: '' });
    expect(answer('`{"a": 1}`')).toMatchObject({
      status: 200,
      body: '{"a": 1}',
      headers: [['content-type', 'application/json']],
    });
  });

  it('sends on with what the client asked for', () => {
    const [service] = servicesOf({ caddy: 'www.a.test', 'caddy.redir': 'https://a.test{uri} permanent' });
    const [filter] = service?.filters ?? [];
    expect(filter).toMatchObject({ type: 'redirectPattern', replacement: 'https://a.test${3}${4}', permanent: true });
  });

  it('changes URIs', () => {
    expect(filtersOf({ 'caddy.uri': 'strip_suffix /x' })).toEqual([
      { type: 'replacePathPattern', pattern: '/x$', replacement: '' },
    ]);
    expect(filtersOf({ 'caddy.uri': 'replace /a. $b' })).toEqual([
      { type: 'replacePathPattern', pattern: String.raw`/a\.`, replacement: '$$b' },
    ]);
    expect(filtersOf({ 'caddy.rewrite': '{path}.html' })).toEqual([
      { type: 'replacePathPattern', pattern: '^.*$', replacement: '$0.html' },
    ]);
  });
});

describe('the dialect', () => {
  it('knows its words, and which of them are public', () => {
    expect(dialect.isOwnWord('label', 'caddy.reverse_proxy')).toBe(true);
    expect(dialect.isOwnWord('label', 'caddy_ingress_network')).toBe(true);
    expect(dialect.isOwnWord('env', 'caddy')).toBe(false);
    expect(dialect.isPublicClaim('label', 'caddy_0')).toBe(true);
    expect(dialect.isPublicClaim('label', 'caddy.reverse_proxy')).toBe(false);
    expect(read({ other: 'x' }).isSilent).toBe(true);
  });

  it('reaches a container through the network that is named', () => {
    const labels = { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' };
    expect(read({ ...labels, caddy_ingress_network: 'mine' }).network).toBe('mine');
    const input = inputOf({ labelled: labels });
    expect(caddy({ ingressNetworks: ['other', 'bridge'] }).read(input).network).toBe('bridge');
    expect(caddy({ ingressNetworks: ['other'] }).read(input).network).toBeUndefined();
  });

  it('has the prefix that it is given', () => {
    const other = caddy({ labelPrefix: 'proxy' });
    const labelled = { proxy: 'a.test', 'proxy.reverse_proxy': '{{upstreams 80}}', caddy: 'b.test' };
    expect(other.read(inputOf({ labelled })).services.map(({ hosts }) => hosts)).toEqual([['a.test']]);
  });

  it('uses snippets of other containers, but not addresses of theirs', () => {
    const labelled = {
      caddy_0: '(a)',
      'caddy_0.header': 'X-A b',
      caddy_1: '(b)',
      'caddy_1.reverse_proxy': '{{upstreams 1}}',
    };
    const offers = dialect.offers?.(inputOf({ name: 'other', labelled })) ?? [];
    const site = (name: string) =>
      read({ caddy: 'a.test', 'caddy.import': name, 'caddy.reverse_proxy': '{{upstreams 80}}' }, offers);
    expect(site('a').services[0]?.filters).toMatchObject([{ type: 'headers' }]);
    expect(site('b').services).toEqual([]);
  });

  it('ends with snippets that never end', () => {
    const labels = { caddy_0: '(s)', 'caddy_0.import': 's', caddy_1: 'a.test', 'caddy_1.import': 's' };
    expect(messagesOf(labels)).toEqual([expect.stringMatching(/a snippet in a snippet/)]);
  });

  it('takes no global options from labels, and says where dproxy has them', () => {
    expect(messagesOf({ 'caddy.email': 'me@a.test' })).toEqual([expect.stringMatching(/acme\.email in dproxy\.yml/)]);
  });
});
