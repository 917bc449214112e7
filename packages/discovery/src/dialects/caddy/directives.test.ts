import { describe, expect, it } from 'vitest';
import { inputOf } from '../_input-of.ts';
import { answering, dialect, HASH, messagesOf, outcome, read, servicesOf, type Labels } from './_read-caddy.ts';

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
