import { describe, expect, it } from 'vitest';
import { messagesOf, read, servicesOf, type Labels } from './_read-caddy.ts';

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
    [
      'sablier',
      {
        'caddy.sablier': 'http://sablier:10000',
        'caddy.sablier.group': 'shop',
        'caddy.sablier.dynamic.theme': 'ghost',
      },
    ],
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
