import { describe, expect, it } from 'vitest';
import { parseFile } from './parse-file.ts';
import type { ParsedFile } from './parsed-file.ts';

function parse(text: string): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs: 1_000 });
}

/** `line:column message -> expected` of each rejection. */
function refusals(text: string): string[] {
  return parse(text).rejected.map(
    ({ line, column, message, expected }) => `${line}:${column} ${message} -> ${expected}`,
  );
}

describe('parseFile', () => {
  it('reads the file of the contract without a word', () => {
    const file = parse(`
listen: { http: 80, https: 443, api: 127.0.0.1:16000 }   # a port, host:port, or a list
workers: auto
docker: [ unix:///var/run/docker.sock ]                   # none, one or several engines
routes:
  - host: app.example.com          # or a list; *.example.com;
    path: /api                     # optional prefix, whole segments
    to: http://127.0.0.1:3000      # or a list: balanced round robin
  - { host: hello.localhost, respond: { status: 200, body: hello } }
  - { host: old.example.com, redirect: https://new.example.com }
tcp:
  - { listen: 5432, to: 127.0.0.1:15432 }
acme: { email: me@example.com, directory: https://..., hosts: auto, preflight: true }
`);
    expect(file.rejected).toEqual([]);
    expect(
      file.definitions.map(({ id, action, origin, sinceMs }) => [id, action.type, origin.name, origin.line, sinceMs]),
    ).toEqual([
      ['app.example.com/api', 'forward', 'routes[0]', 6, 1_000],
      ['hello.localhost/', 'respond', 'routes[1]', 9, 1_000],
      ['old.example.com/', 'redirect', 'routes[2]', 10, 1_000],
    ]);
    expect(file.tcp.map(({ listener, stream }) => [listener?.id, stream.refs])).toEqual([
      ['tcp:5432', [{ backendId: 'file:tcp://127.0.0.1:15432', weight: 1 }]],
    ]);
  });

  it('reads what a route or a TCP port wakes; its backends are not those of others with the same URL', () => {
    const file = parse(`
routes:
  - { host: a.test, to: b:1, wake: shop }
  - { host: b.test, to: b:1, wake: 'docker:unix:///var/run/docker.sock/project:shop' }
  - { host: c.test, to: b:1 }
tcp: [{ listen: 5432, to: b:2, wake: group:db }]
`);
    expect(file.rejected).toEqual([]);
    expect(file.definitions.map(({ wakes, backends }) => [wakes, backends[0]?.id])).toEqual([
      ['shop', 'file:http://b:1#wakes-shop'],
      [
        'docker:unix:///var/run/docker.sock/project:shop',
        'file:http://b:1#wakes-docker:unix:///var/run/docker.sock/project:shop',
      ],
      [undefined, 'file:http://b:1'],
    ]);
    expect(file.tcp.map(({ stream }) => [stream.wakes, stream.refs[0]?.backendId])).toEqual([
      ['group:db', 'file:tcp://b:2#wakes-group:db'],
    ]);
  });

  it('does not ask whether the containers of a route listen that says so', () => {
    const file = parse('routes: [{ host: a.test, to: b:1, wake: shop, health: none }]');
    expect(file.definitions[0]?.readiness).toEqual([]);
  });

  it.each(['wake: true', 'wake: ""', 'wake: two words'])('refuses a route with %s', (said) => {
    expect(refusals(`routes: [{ host: a.test, to: b:1, ${said} }]`)).toEqual([
      expect.stringMatching(/routes\[0\]\.wake: .* -> the name of a compose project, a group or a container/),
    ]);
  });

  it('wakes nothing for a route that sends requests nowhere', () => {
    expect(refusals('routes: [{ host: a.test, redirect: /x, wake: shop }]')).toEqual([
      expect.stringMatching(/wake.* -> only beside to$/),
    ]);
  });

  it('refuses one bad entry and keeps the others', () => {
    const file = parse(
      'routes:\n  - {host: a.test, to: b:1}\n  - {hots: c.test, to: b:1}\n  - {host: d.test, to: b:1}\n',
    );
    expect(file.definitions.map(({ id }) => id)).toEqual(['a.test/', 'd.test/']);
    expect(file.definitions.map(({ origin }) => origin.name)).toEqual(['routes[0]', 'routes[2]']);
    expect(file.rejected[0]?.source).toBe('/etc/dproxy.yml');
  });

  it('takes entries of one host and path that match different requests for different routes', () => {
    const file = parse(`
routes:
  - { host: a.test, path: /api/, to: b:1 }
  - { host: a.test, path: /api, match: { cookies: { beta: '1' } }, priority: 50, to: b:2 }
  - { host: a.test, path: /api/, match: { path: prefix }, to: b:3 }
  - { host: a.test, path: /api, match: { path: exact }, to: b:4 }
  - { host: a.test, path: /api, listeners: http, to: b:5 }
  - { host: '*', respond: { body: nobody } }
`);
    expect(file.rejected).toEqual([]);
    expect(
      file.definitions.map(({ hosts, path, pathMatch, priority }) => [hosts[0], path, pathMatch, priority]),
    ).toEqual([
      ['a.test', '/api', 'segments', 0],
      ['a.test', '/api', 'segments', 50],
      ['a.test', '/api/', 'prefix', 0],
      ['a.test', '/api', 'exact', 0],
      ['a.test', '/api', 'segments', 0],
      ['*', '/', 'segments', 0],
    ]);
    expect(new Set(file.definitions.map(({ id }) => id)).size).toBe(6);
    expect(file.definitions[0]?.id).toBe('a.test/api');
  });

  it('refuses a second entry for the same requests, however it is written', () => {
    const entry = (match: string): string => `  - {host: a.test, match: ${match}, to: b:1}\n`;
    expect(refusals(`routes:\n${entry('{methods: get}')}${entry('{methods: [GET], path: segments}')}`)).toEqual([
      expect.stringMatching(
        /^3:12 routes\[1\]\.host: a\.test\/ stands in routes\[0\] \(line 2\) already -> another host, path or match/,
      ),
    ]);
  });

  it('names the key that was probably meant, at the place of the wrong one', () => {
    const list = refusals('lisen: {http: 80}\nroutes:\n  - host: a.test\n    tp: b:1\n    to: b:1\n');
    expect(list[0]).toMatch(/^1:1 unknown key "lisen" -> did you mean "listen"\?/);
    expect(list[1]).toMatch(/^4:5 routes\[0\]: unknown key "tp" -> did you mean "to"\?/);
  });

  it('says what is missing', () => {
    expect(refusals('routes:\n  - to: b:1\n')[0]).toMatch(/^2:5 routes\[0\]\.host is missing -> a host name/);
  });

  it.each([
    ['routes: [{host: "a.test:80", to: b:1}]', /a host with a port/],
    ['routes: [{host: a.test, to: "http://b/x"}]', /a URL with a path/],
    ['routes: [{host: a.test}]', /no to, respond or redirect/],
    ['routes: [{host: a.test, to: b:1, respond: {}}]', /to and respond together/],
    ['routes: [{host: a.test, redirect: {to: //evil}}]', /neither a URL nor a path/],
    ['routes: [{host: a.test, redirect: {to: /x, status: 200}}]', /one of: 301, 302/],
    ['routes: [{host: a.test, respond: {status: 101}}]', /from 200 to 599/],
    ['routes: [{host: a.test, respond: {status: 204, body: x}}]', /RFC 9110/],
    ['routes: [{host: a.test, to: b:1, headers: {request: {set: {Transfer-Encoding: x}}}}]', /belongs to dproxy/],
    ['routes: [{host: a.test, to: b:1, headers: {request: {set: {Content_Length: 5}}}}]', /belongs to dproxy/],
    ['routes: [{host: a.test, to: b:1, headers: {response: {set: {x-a: "b\\r\\nc: d"}}}}]', /one line/],
    ['routes: [{host: a.test, to: b:1, listeners: htp}]', /did you mean "http"/],
    ['routes: [{host: a.test, to: b:1, plugins: [auth]}]', /which is not defined/],
    ['routes: [{host: a.test, to: [{url: b:1, weight: 1001}]}]', /from 0 to 1000/],
    ['routes: [{host: a.test, to: []}]', /at least one/],
    ['routes: [{host: a.test, to: "h3://b"}]', /there are http, https, h2c, grpc, h2, grpcs/],
    ['routes: [{host: a.test, to: [{url: b:1, proxyProtocol: v3}]}]', /one of: v1, v2/],
    ['tcp: [{listen: 1, to: "h2c://b:1"}]', /there is tcp/],
    ['routes: {host: a.test}', /a list: each entry begins/],
    ['tcp: [{listen: 80, to: b:1}, {listen: 80, to: c:1}]', /held by tcp\[0\]/],
    ['listen: {http: 80}\ntcp: [{listen: 80, to: b:1}]', /held by listen.http/],
    ['tcp: [{listen: 0, to: b:1}]', /from 1 to 65535/],
    ['listen: {http: 70000}', /a port from 0 to 65535/],
    ['listen: {http: {port: 80, address: 1.2.3.4:80}}', /exactly one of/],
    ['listen: {http: {port: 80, tls: true}}', /no tls here/],
    ['listen: {"Bad Name": 80}', /lower-case letters/],
    ['workers: 0', /from 1 to 256/],
    ['docker: ssh://host', /ssh -L/],
    ['limits: {headMs: 0}', /from 1 ms/],
    ['drain: soon', /milliseconds/],
    ['trustedProxies: [10.0.0.0/99]', /no prefix length/],
    ['api: {containers: [nginx]}', /not fully qualified/],
    ['acme: {directory: "http://x"}', /not an https/],
    ['accessLog: yes', /true or false/],
    ['plugins: {a: 5}', /a module/],
    ['- a\n- b', /the document is a list/],
    ['just text', /the document is "just text"/],
  ])('refuses %s', (text, message) => {
    const list = refusals(text);
    expect(list).toHaveLength(1);
    expect(list[0]).toMatch(message);
  });

  it('refuses parts of listen, limits and plugins one by one', () => {
    const file = parse(
      'listen: {http: 81, https: x}\nlimits: {headMs: 5s, keepAliveMs: 0}\nplugins: {a: ./a.ts, b: 1}\n',
    );
    expect(file.settings).toMatchObject({
      limits: { headMs: 5_000 },
      plugins: { a: { module: './a.ts', options: {} } },
    });
    expect(Object.keys(file.settings.listen ?? {})).toEqual(['http']);
    expect(file.refused.map(({ section, name }) => `${section}.${name}`)).toEqual([
      'listen.https',
      'limits.keepAliveMs',
      'plugins.b',
    ]);
  });

  it('refuses the second entry with a host and path that are taken', () => {
    const list = refusals('routes:\n  - {host: a.test, to: b:1}\n  - {host: [c.test, A.test.], to: d:1}\n');
    expect(list).toEqual([
      '3:21 routes[1].host: a.test/ stands in routes[0] (line 2) already -> another host, path or match, or one entry with a list under to:',
    ]);
  });

  it('takes a key without a value as not written', () => {
    expect(parse('routes:\ntcp:\nlisten:\nlimits:\n')).toMatchObject({ settings: {}, definitions: [], rejected: [] });
  });

  it('refuses the whole file for a syntax error, with its line', () => {
    const file = parse('routes:\n  - host: a.test\n    to: [b:1\n');
    expect(file).toMatchObject({ isReadable: false, definitions: [] });
    expect(file.rejected).toHaveLength(1);
    expect(file.rejected[0]?.line).toBeGreaterThanOrEqual(3);
  });

  it('refuses names that reach into prototypes, and nothing else', () => {
    const file = parse(
      'constructor: 1\nrouts: 1\nlimits: {__proto__: {headMs: 1}, toString: 1}\n' +
        'routes:\n  - {host: a.test, to: b:1, headers: {request: {set: {__proto__: x}}}}\n  - {host: constructor, to: b:1}\n',
    );
    expect(file.definitions.map(({ id }) => id)).toEqual(['constructor/']);
    expect(file.rejected.map(({ line }) => line)).toEqual([1, 2, 3, 3, 5]);
    expect(({} as { headMs?: number }).headMs).toBeUndefined();
  });

  it('shares a backend between entries, but not one that is not verified', () => {
    const file = parse(
      'routes:\n  - {host: a.test, to: "https://b"}\n  - {host: c.test, to: ["https://b", "https://b"], tlsVerify: false}\n',
    );
    expect(file.definitions.map(({ action }) => action)).toEqual([
      { type: 'forward', backends: [{ backendId: 'file:https://b:443', weight: 1 }] },
      { type: 'forward', backends: [{ backendId: 'file:https://b:443#unverified', weight: 2 }] },
    ]);
  });

  it('keeps backends apart by protocol, verification and PROXY header', () => {
    const { definitions, tcp } = parse(
      'routes:\n  - {host: a.test, tlsVerify: false, to: [h2c://b:50051, h2://b, {url: h2c://b:50051, proxyProtocol: v2}]}\n' +
        'tcp:\n  - {listen: 1, to: [{address: b:5, proxyProtocol: v1}, b:5]}\n',
    );
    const seen = [...(definitions[0]?.backends ?? []), ...(tcp[0]?.stream.backends ?? [])];
    expect(seen.map(({ id, protocol, tlsVerify, proxyProtocol }) => [id, protocol, tlsVerify, proxyProtocol])).toEqual([
      ['file:h2c://b:50051', 'h2c', true, ''],
      ['file:h2://b:443#unverified', 'h2', false, ''],
      ['file:h2c://b:50051#proxy-v2', 'h2c', true, 'v2'],
      ['file:tcp://b:5#proxy-v1', 'tcp', true, 'v1'],
      ['file:tcp://b:5', 'tcp', true, ''],
    ]);
  });

  it('does not show more than 20 findings of an entry and 1,000 in all', () => {
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}: 1`).join(', ');
    const file = parse(`routes:\n${`  - {host: a.test, to: b:1, ${keys}}\n`.repeat(100)}`);
    expect(file.refused[0]?.rejections).toHaveLength(20);
    expect(file.rejected).toHaveLength(1_000);
    expect(file.rejected.at(-1)?.message).toContain('more are not shown');
  });

  it('shows control characters and long texts in a safe form', () => {
    const [message = ''] = refusals(`ownership: "\\e[31m${'x'.repeat(500)}"`);
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(300);
  });
});
