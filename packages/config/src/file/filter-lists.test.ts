import type { Filter } from '@dproxy/core';
import { describe, expect, it } from 'vitest';
import { parseFile } from './parse-file.ts';
import type { ParsedFile } from './parsed-file.ts';

const BCRYPT = `$2y$10$${'a'.repeat(53)}`;

function parse(text: string): ParsedFile {
  return parseFile({ path: '/etc/dproxy.yml', text, seenMs: 1_000 });
}

/** The filters of a route with this list. */
function filtersOf(list: string): readonly Filter[] {
  const { definitions, rejected } = parse(`routes: [{host: a.test, to: b:1, filters: ${list}}]`);
  expect(rejected).toEqual([]);
  return definitions[0]?.filters ?? [];
}

function refusals(text: string): string[] {
  return parse(text).rejected.map(({ line, message, expected }) => `${line} ${message} -> ${expected}`);
}

function refusalOf(list: string): string {
  const { definitions, rejected } = parse(`routes: [{host: a.test, to: b:1, filters: ${list}}]`);
  expect(definitions).toEqual([]);
  expect(rejected).toHaveLength(1);
  return `${rejected[0]?.message} -> ${rejected[0]?.expected}`;
}

describe('filters of a route', () => {
  it.each<[string, Filter]>([
    ['stripPrefix: /api', { type: 'stripPrefix', prefixes: ['/api'] }],
    ['stripPrefix: [/a, /b]', { type: 'stripPrefix', prefixes: ['/a', '/b'] }],
    ['stripPrefix: {prefixes: /a}', { type: 'stripPrefix', prefixes: ['/a'] }],
    ['stripPrefixPattern: "^/v[0-9]+"', { type: 'stripPrefixPattern', patterns: ['^/v[0-9]+'] }],
    ['addPrefix: /app', { type: 'addPrefix', prefix: '/app' }],
    ['replacePath: /index.html', { type: 'replacePath', path: '/index.html' }],
    [
      'replacePathPattern: {pattern: "^/a/(.*)", replacement: "/b/$1"}',
      { type: 'replacePathPattern', pattern: '^/a/(.*)', replacement: '/b/$1' },
    ],
    ['replacePrefix: {from: /a/}', { type: 'replacePrefix', from: '/a/', to: '/' }],
    ['redirectScheme: https', { type: 'redirectScheme', scheme: 'https', port: 0, permanent: false }],
    [
      'redirectScheme: {scheme: https, port: 8443, permanent: true}',
      { type: 'redirectScheme', scheme: 'https', port: 8_443, permanent: true },
    ],
    [
      'redirectPattern: {pattern: ^http://www, replacement: "http://$1"}',
      { type: 'redirectPattern', pattern: '^http://www', replacement: 'http://$1', permanent: false },
    ],
    ['allowHosts: App.test', { type: 'allowHosts', hosts: ['app.test'] }],
    [
      'allowClients: [10.0.0.0/8, "::1"]',
      {
        type: 'allowClients',
        ranges: ['10.0.0.0/8', '::1/128'],
        by: { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 },
        status: 403,
      },
    ],
    [
      'allowClients: {ranges: 10.0.0.0/8, depth: 2, status: 404}',
      {
        type: 'allowClients',
        ranges: ['10.0.0.0/8'],
        by: { type: 'client', depth: 2, excluded: [], ipv6Prefix: 0 },
        status: 404,
      },
    ],
    [
      'rateLimit: 5',
      {
        type: 'rateLimit',
        average: 5,
        periodMs: 1_000,
        burst: 5,
        by: { type: 'client', depth: 0, excluded: [], ipv6Prefix: 64 },
      },
    ],
    [
      'rateLimit: {average: 10, period: 1m, burst: 20, by: {header: X-Api-Key}}',
      { type: 'rateLimit', average: 10, periodMs: 60_000, burst: 20, by: { type: 'header', name: 'x-api-key' } },
    ],
    ['inFlight: {amount: 3, by: host}', { type: 'inFlight', amount: 3, by: { type: 'host' } }],
    [
      'retry: 3',
      { type: 'retry', attempts: 3, initialMs: 0, statuses: [], nonIdempotent: false, maxBodyBytes: 65_536 },
    ],
    [
      'retry: {attempts: 2, delay: 100ms, statuses: [502, 503-504]}',
      {
        type: 'retry',
        attempts: 2,
        initialMs: 100,
        statuses: [
          [502, 502],
          [503, 504],
        ],
        nonIdempotent: false,
        maxBodyBytes: 65_536,
      },
    ],
    [
      'circuitBreaker: NetworkErrorRatio() > 0.5',
      {
        type: 'circuitBreaker',
        expression: 'NetworkErrorRatio() > 0.5',
        checkMs: 100,
        fallbackMs: 10_000,
        recoveryMs: 10_000,
        status: 503,
      },
    ],
    [
      'compress',
      { type: 'compress', encodings: ['zstd', 'br', 'gzip'], minBytes: 1_024, includedTypes: [], excludedTypes: [] },
    ],
    [
      'compress: [gzip, gzip]',
      { type: 'compress', encodings: ['gzip'], minBytes: 1_024, includedTypes: [], excludedTypes: [] },
    ],
    ['buffer', { type: 'buffer', maxRequestBytes: 1_048_576, maxResponseBytes: 1_048_576 }],
    ['buffer: {maxRequest: 10MiB}', { type: 'buffer', maxRequestBytes: 10_485_760, maxResponseBytes: 1_048_576 }],
    [
      `basicAuth: {users: {ann: "${BCRYPT}"}}`,
      { type: 'basicAuth', users: [['ann', BCRYPT]], realm: 'dproxy', removeHeader: true, userHeader: '' },
    ],
    [
      `basicAuth: {users: ["ann:${BCRYPT}", "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="], realm: R, userHeader: X-User}`,
      {
        type: 'basicAuth',
        users: [
          ['ann', BCRYPT],
          ['bob', '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='],
        ],
        realm: 'R',
        removeHeader: true,
        userHeader: 'x-user',
      },
    ],
  ])('reads %s', (entry, filter) => {
    expect(filtersOf(`[${entry.includes(':') ? `{${entry}}` : entry}]`)).toEqual([filter]);
  });

  it('reads header changes in the order remove, set, add, after the preset', () => {
    const [filter] = filtersOf(
      '[{headers: {request: {add: {x-a: 1}, set: {X-B: 2}, remove: X-C}, response: {set: {x-frame-options: DENY}}, preset: security}}]',
    );
    if (filter?.type !== 'headers') throw new Error('no headers');
    expect(filter.request).toEqual([
      { operation: 'remove', name: 'x-c', value: '' },
      { operation: 'set', name: 'x-b', value: '2' },
      { operation: 'add', name: 'x-a', value: '1' },
    ]);
    expect(filter.response[0]).toEqual({ operation: 'set', name: 'x-content-type-options', value: 'nosniff' });
    expect(filter.response.at(-1)).toEqual({ operation: 'set', name: 'x-frame-options', value: 'DENY' });
  });

  it('reads cors in short and in full', () => {
    const [short, full] = filtersOf(
      '[{cors: https://App.test:443/}, {cors: {originPatterns: "^https://.*[.]a[.]test$", methods: get, credentials: true, maxAge: 10m}}]',
    );
    expect(short).toMatchObject({ origins: ['https://app.test'], credentials: false, maxAgeS: -1, vary: true });
    expect(full).toMatchObject({ origins: [], methods: ['GET'], credentials: true, maxAgeS: 600 });
  });

  it('reads forwardAuth in short and in full', () => {
    const [short, full] = filtersOf(
      '[{forwardAuth: http://127.0.0.1:9091/verify}, {forwardAuth: {url: https://auth.test, responseHeaders: [Remote-User], timeout: 2s, maxBody: 64KiB}}]',
    );
    expect(short).toMatchObject({ url: 'http://127.0.0.1:9091/verify', maxBodyBytes: -1, timeoutMs: 10_000 });
    expect(full).toMatchObject({ responseHeaders: ['remote-user'], timeoutMs: 2_000, maxBodyBytes: 65_536 });
    expect(refusalOf('[{forwardAuth: {url: https://auth.test, maxBody: 2MiB}}]')).toContain('1MiB');
  });

  it('gives the backends of error pages and mirrors to the definition', () => {
    const { definitions, rejected } = parse(
      'routes: [{host: a.test, to: b:1, filters: [{errorPages: {statuses: 500-599, to: pages:80}}, {mirror: {to: [b:1, "https://c"], tlsVerify: false}}]}]',
    );
    expect(rejected).toEqual([]);
    expect(definitions[0]?.filters).toEqual([
      {
        type: 'errorPages',
        statuses: [[500, 599]],
        backends: [{ backendId: 'file:http://pages:80', weight: 1 }],
        path: '/{status}.html',
      },
      {
        type: 'mirror',
        backends: [
          { backendId: 'file:http://b:1', weight: 1 },
          { backendId: 'file:https://c:443#unverified', weight: 1 },
        ],
        percent: 100,
        maxBodyBytes: 65_536,
      },
    ]);
    expect(definitions[0]?.backends.map(({ id }) => id)).toEqual([
      'file:http://b:1',
      'file:http://pages:80',
      'file:https://c:443#unverified',
    ]);
  });

  it.each([
    ['[{stripPrefx: /a}]', /unknown key "stripPrefx" -> did you mean "stripPrefix"/],
    ['[{stripPrefix: /a, addPrefix: /b}]', /stripPrefix and addPrefix in one entry -> one filter/],
    ['[{}]', /an empty map/],
    ['[stripPrefix]', /found "stripPrefix" -> one filter/],
    ['{stripPrefix: /a}', /a map -> a list of filters/],
    ['[{stripPrefix: api}]', /does not start with/],
    ['[{replacePath: //evil.test}]', /name of a host/],
    ['[{stripPrefixPattern: "(?=a)"}]', /RE2/],
    ['[{redirectPattern: {pattern: a, replacement: "b\\r\\nx: y"}}]', /control characters/],
    ['[{rateLimit: {average: 5, by: {header: a, depth: 1}}}]', /header together/],
    ['[{rateLimit: {burst: 5}}]', /average is missing/],
    ['[{circuitBreaker: "Nothing() > 1"}]', /found "Nothing/],
    ['[{circuitBreaker: {expression: "1 >"}}]', /an expression such as/],
    ['[{errorPages: {statuses: 600, to: b:1}}]', /a status such as 404/],
    ['[{errorPages: {statuses: 500, to: b:1, path: "/{code}.html"}}]', /another word in braces/],
    ['[{cors: "*.example.com"}]', /not an origin/],
    ['[{cors: {origins: "*", credentials: true}}]', /credentials for every origin/],
    ['[{cors: {methods: GET}}]', /neither origins nor originPatterns/],
    ['[{forwardAuth: http://169.254.169.254/}]', /link-local/],
    ['[{forwardAuth: "http://user:secretpass@auth.test/"}]', /a URL with a user name/],
    ['[{headers: {request: {set: {Content-Length: 5}}}}]', /belongs to dproxy/],
    ['[{allowHosts: "*.a.test"}]', /a wildcard/],
    ['[{compress: [lzma]}]', /one of: gzip/],
    ['[{use: nothing}]', /found "nothing", which is not defined/],
  ])('refuses the route for %s', (list, message) => {
    const refusal = refusalOf(list);
    expect(refusal).toMatch(message);
    expect(refusal).not.toContain('secretpass');
  });

  it.each([
    ['hunter2', 'not a hash'],
    ['$1$salt$hunter2', 'another kind of hash'],
    [`$2y$16$${'a'.repeat(53)}`, 'a bcrypt cost'],
    [`$2x$10$${'a'.repeat(53)}`, 'another kind of hash'],
    [`$$2y$$10$$${'a'.repeat(53)}`, 'doubled'],
    ['5', 'name:hash'],
  ])('refuses the password hash %s and does not show it', (hash, message) => {
    for (const users of [`{ann: '${hash}'}`, `['ann:${hash}']`]) {
      const refusal = refusalOf(`[{basicAuth: {users: ${users}}}]`);
      expect(refusal).toContain(message === 'name:hash' ? 'htpasswd' : message);
      if (hash.length > 1) expect(refusal).not.toContain(hash);
    }
    expect(refusalOf(`[{basicAuth: "ann:${hash}xyz"}]`)).not.toContain(`${hash}xyz`);
  });

  it('does not show the value of a telling header', () => {
    const refusal = refusalOf('[{headers: {request: {set: {authorization: "Bearer s3cr3t\\nx"}}}}]');
    expect(refusal).toContain('authorization');
    expect(refusal).not.toContain('s3cr3t');
  });
});

describe('named lists of filters', () => {
  it('stand where they are used', () => {
    const file = parse(
      'filters:\n  prefix: [{stripPrefix: /a}]\n  all: [{use: prefix}, compress]\n' +
        'routes:\n  - {host: a.test, to: b:1, filters: [{addPrefix: /x}, {use: all}]}\n',
    );
    expect(file.rejected).toEqual([]);
    expect(file.definitions[0]?.filters?.map(({ type }) => type)).toEqual(['addPrefix', 'stripPrefix', 'compress']);
  });

  it('refuse whoever uses a name that is not there, at its line', () => {
    const text = 'filters: {auth: []}\nroutes:\n  - host: a.test\n    to: b:1\n    filters:\n      - use: auht\n';
    expect(refusals(text)).toEqual([
      '6 routes[0].filters[0].use: found "auht", which is not defined -> did you mean "auth"? Defined are: auth',
    ]);
  });

  it('refuse cycles, and whoever uses them', () => {
    const text =
      'filters:\n  a: [{use: b}]\n  b: [{use: a}]\n  c: [{use: c}]\n  d: []\n' +
      'routes:\n  - {host: a.test, to: b:1, filters: [{use: a}]}\n  - {host: d.test, to: b:1, filters: [{use: d}]}\n';
    expect(refusals(text)).toEqual([
      '2 filters.a[0].use: the list "b" is refused -> a list without errors',
      '3 filters.b[0].use: the list "a" uses itself this way -> another list',
      '4 filters.c[0].use: the list "c" uses itself this way -> another list',
      '7 routes[0].filters[0].use: the list "a" is refused -> a list without errors',
    ]);
    expect(parse(text).definitions.map(({ id }) => id)).toEqual(['d.test/']);
  });

  it('refuse a bad list alone, and the routes that it would have protected', () => {
    const text =
      'filters:\n  auth: [{basicAuth: {}}]\n  ok: [compress]\n' +
      'routes:\n  - {host: a.test, to: b:1, filters: [{use: auth}]}\n  - {host: b.test, to: b:1, filters: [{use: ok}]}\n';
    expect(refusals(text).map((line) => line.slice(0, 30))).toEqual([
      '2 filters.auth[0].basicAuth.us',
      '5 routes[0].filters[0].use: th',
    ]);
    expect(parse(text).definitions.map(({ id }) => id)).toEqual(['b.test/']);
  });

  it('are bounded in what they become together', () => {
    const lists = Array.from({ length: 8 }, (_, i) => `  l${i}: [{use: l${i + 1}}, {use: l${i + 1}}]\n`).join('');
    const text = `filters:\n${lists}  l8: [compress]\nroutes: [{host: a.test, to: b:1, filters: [{use: l0}]}]\n`;
    expect(refusals(text)).toContainEqual(expect.stringMatching(/too many filters -> at most 64/));
    expect(parse(text).definitions).toEqual([]);
  });

  it('are bounded in how deep they use each other', () => {
    const lists = Array.from({ length: 5_000 }, (_, i) => `  l${i}: [{use: l${i + 1}}]\n`).join('');
    const text = `filters:\n${lists}  l5000: [compress]\nroutes: [{host: a.test, to: b:1, filters: [{use: l0}]}]\n`;
    expect(parse(text).definitions).toEqual([]);
  });

  it('refuse names that reach into prototypes, and other odd ones', () => {
    expect(refusals('filters: {"a b": [], __proto__: [], ok: []}')).toHaveLength(2);
    expect(refusals('filters: [compress]')[0]).toContain('a map of names to lists');
    expect(refusals('filters:\n')).toEqual([]);
  });
});
