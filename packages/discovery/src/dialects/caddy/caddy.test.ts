import { describe, expect, it } from 'vitest';
import type { ServiceClaims } from '../dialect.ts';
import { inputOf } from '../_input-of.ts';
import { caddy } from './index.ts';
import { answering, dialect, messagesOf, outcome, read, servicesOf } from './_read-caddy.ts';

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
