import { describe, expect, test } from 'vitest';
import type { TraefikOptions } from './options.ts';
import { readOne } from './_read-traefik.ts';

type Labels = Record<string, string>;

/** A router with one middleware `m`, of which the labels say this. */
function withMiddleware(options: Labels, settings: TraefikOptions = {}) {
  const own = Object.entries(options).map(([key, value]) => [`traefik.http.middlewares.m.${key}`, value]);
  const labels = {
    'traefik.http.routers.web.rule': 'Host(`a.com`)',
    'traefik.http.routers.web.middlewares': 'm',
    ...(Object.fromEntries(own) as Labels),
  };
  const { services, problems } = readOne(labels, { options: settings });
  return { filters: services[0]?.filters, answer: services[0]?.answer, https: services[0]?.https, problems };
}

const byClient = { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 };
const BCRYPT = '$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC';
const APR1 = '$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/';

describe('a middleware becomes filters', () => {
  test.each<[options: Labels, filters: unknown[]]>([
    [{ 'redirectscheme.scheme': 'https' }, [{ type: 'redirectScheme', scheme: 'https', port: 0, permanent: false }]],
    [
      { 'redirectScheme.scheme': 'https', 'redirectScheme.port': '8443', 'redirectScheme.permanent': 'true' },
      [{ type: 'redirectScheme', scheme: 'https', port: 8_443, permanent: true }],
    ],
    [
      { 'redirectscheme.scheme': 'https', 'redirectscheme.port': '443' },
      [{ type: 'redirectScheme', scheme: 'https', port: 0, permanent: false }],
    ],
    [
      { 'redirectregex.regex': '^http://localhost/(.*)', 'redirectregex.replacement': 'http://mydomain/${1}' },
      [
        {
          type: 'redirectPattern',
          pattern: '^http://localhost/(.*)',
          replacement: 'http://mydomain/${1}',
          permanent: false,
        },
      ],
    ],
    [{ 'stripprefix.prefixes': '/foobar,/fiibar' }, [{ type: 'stripPrefix', prefixes: ['/foobar', '/fiibar'] }]],
    [
      { 'stripprefix.prefixes[0]': '/a', 'stripprefix.prefixes[1]': '/b' },
      [{ type: 'stripPrefix', prefixes: ['/a', '/b'] }],
    ],
    [
      { 'stripprefixregex.regex': '/foo/[a-z0-9]+/[0-9]+/' },
      [{ type: 'stripPrefixPattern', patterns: ['/foo/[a-z0-9]+/[0-9]+/'] }],
    ],
    [{ 'addprefix.prefix': '/foo' }, [{ type: 'addPrefix', prefix: '/foo' }]],
    [{ 'replacepath.path': '/foo' }, [{ type: 'replacePath', path: '/foo' }]],
    [
      { 'replacepathregex.regex': '^/foo/(.*)', 'replacepathregex.replacement': '/bar/$1' },
      [{ type: 'replacePathPattern', pattern: '^/foo/(.*)', replacement: '/bar/$1' }],
    ],
    [
      {
        'basicauth.users': `test:${APR1},test2:${BCRYPT}`,
        'basicauth.removeheader': 'true',
        'basicauth.headerField': 'X-WebAuth-User',
      },
      [
        {
          type: 'basicAuth',
          users: [
            ['test', APR1],
            ['test2', BCRYPT],
          ],
          realm: 'traefik',
          removeHeader: true,
          userHeader: 'x-webauth-user',
        },
      ],
    ],
    [
      { 'ipallowlist.sourcerange': '127.0.0.1/32, 192.168.1.7' },
      [{ type: 'allowClients', ranges: ['127.0.0.1/32', '192.168.1.7'], by: byClient, status: 403 }],
    ],
    [
      { 'ipwhitelist.sourcerange': '::1', 'ipwhitelist.ipstrategy.depth': '2', 'ipwhitelist.rejectstatuscode': '404' },
      [{ type: 'allowClients', ranges: ['::1'], by: { ...byClient, depth: 2 }, status: 404 }],
    ],
    [
      {
        'ipallowlist.sourcerange': '::1',
        'ipallowlist.ipstrategy.excludedips': '10.0.0.0/8',
        'ipallowlist.ipstrategy.ipv6subnet': '64',
      },
      [
        {
          type: 'allowClients',
          ranges: ['::1'],
          by: { ...byClient, excluded: ['10.0.0.0/8'], ipv6Prefix: 64 },
          status: 403,
        },
      ],
    ],
    [{ 'ratelimit.average': '100' }, [{ type: 'rateLimit', average: 100, periodMs: 1_000, burst: 1, by: byClient }]],
    [
      {
        'ratelimit.average': '6',
        'ratelimit.period': '1m',
        'ratelimit.burst': '50',
        'ratelimit.sourcecriterion.requestheadername': 'X-User',
      },
      [{ type: 'rateLimit', average: 6, periodMs: 60_000, burst: 50, by: { type: 'header', name: 'x-user' } }],
    ],
    [{ 'ratelimit.average': '0' }, []],
    [{ 'inflightreq.amount': '10' }, [{ type: 'inFlight', amount: 10, by: { type: 'host' } }]],
    [
      { 'inflightreq.amount': '10', 'inflightreq.sourcecriterion.ipstrategy.depth': '1' },
      [{ type: 'inFlight', amount: 10, by: { ...byClient, depth: 1 } }],
    ],
    [
      { 'buffering.maxRequestBodyBytes': '2000000' },
      [{ type: 'buffer', maxRequestBytes: 2_000_000, maxResponseBytes: 0 }],
    ],
    [
      { compress: 'true' },
      [{ type: 'compress', encodings: ['gzip', 'br', 'zstd'], minBytes: 1_024, includedTypes: [], excludedTypes: [] }],
    ],
    [
      {
        'compress.encodings': 'zstd,br',
        'compress.minresponsebodybytes': '1200',
        'compress.excludedcontenttypes': 'text/event-stream',
      },
      [
        {
          type: 'compress',
          encodings: ['zstd', 'br'],
          minBytes: 1_200,
          includedTypes: [],
          excludedTypes: ['text/event-stream'],
        },
      ],
    ],
    [
      { 'retry.attempts': '4', 'retry.initialinterval': '100ms', 'retry.status': '500-599,404' },
      [
        {
          type: 'retry',
          attempts: 4,
          initialMs: 100,
          statuses: [
            [500, 599],
            [404, 404],
          ],
          nonIdempotent: false,
          maxBodyBytes: 2_097_152,
        },
      ],
    ],
    [
      { 'circuitbreaker.expression': 'LatencyAtQuantileMS(50.0) > 100', 'circuitbreaker.responsecode': '429' },
      [
        {
          type: 'circuitBreaker',
          expression: 'LatencyAtQuantileMS(50.0) > 100',
          checkMs: 100,
          fallbackMs: 10_000,
          recoveryMs: 10_000,
          status: 429,
        },
      ],
    ],
    [
      { 'forwardauth.address': 'https://example.com/auth', 'forwardauth.authresponseheaders': 'X-Auth-User, X-Secret' },
      [
        {
          type: 'forwardAuth',
          url: 'https://example.com/auth',
          trustForwarded: false,
          requestHeaders: [],
          responseHeaders: ['x-auth-user', 'x-secret'],
          responseHeadersPattern: '',
          cookies: [],
          userHeader: '',
          maxBodyBytes: -1,
          preserveMethod: false,
          preserveLocation: false,
          tlsVerify: true,
          timeoutMs: 30_000,
        },
      ],
    ],
    [
      { 'errors.status': '500,501,503-505', 'errors.service': 'Pages@docker', 'errors.query': '/{status}.html' },
      [
        {
          type: 'errorPages',
          statuses: [
            [500, 500],
            [501, 501],
            [503, 505],
          ],
          backends: [{ backendId: 'pages', weight: 1 }],
          path: '/{status}.html',
        },
      ],
    ],
    [
      { 'headers.customrequestheaders.X-Script-Name': 'test', 'headers.customresponseheaders.X-Powered-By': '' },
      [
        {
          type: 'headers',
          request: [{ operation: 'set', name: 'x-script-name', value: 'test' }],
          response: [{ operation: 'remove', name: 'x-powered-by', value: '' }],
        },
      ],
    ],
    [
      {
        'headers.framedeny': 'true',
        'headers.contenttypenosniff': 'true',
        'headers.browserxssfilter': 'true',
        'headers.referrerpolicy': 'same-origin',
      },
      [
        {
          type: 'headers',
          request: [],
          response: [
            { operation: 'set', name: 'x-frame-options', value: 'DENY' },
            { operation: 'set', name: 'x-content-type-options', value: 'nosniff' },
            { operation: 'set', name: 'x-xss-protection', value: '1; mode=block' },
            { operation: 'set', name: 'referrer-policy', value: 'same-origin' },
          ],
        },
      ],
    ],
    [
      {
        'headers.accesscontrolallowmethods': 'GET,OPTIONS,PUT',
        'headers.accesscontrolallowheaders': '*',
        'headers.accesscontrolalloworiginlist': 'https://foo.bar.org,https://example.org',
        'headers.accesscontrolmaxage': '100',
        'headers.addvaryheader': 'true',
      },
      [
        {
          type: 'cors',
          origins: ['https://foo.bar.org', 'https://example.org'],
          originPatterns: [],
          methods: ['GET', 'OPTIONS', 'PUT'],
          headers: ['*'],
          exposed: [],
          credentials: false,
          maxAgeS: 100,
          vary: true,
        },
      ],
    ],
    [{ 'headers.allowedhosts': 'A.com,b.com' }, [{ type: 'allowHosts', hosts: ['a.com', 'b.com'] }]],
    [{ 'headers.allowedhosts': 'a.com', 'headers.isdevelopment': 'true' }, []],
  ])('%j', (options, filters) => {
    expect(withMiddleware(options)).toMatchObject({ filters, answer: undefined, problems: [] });
  });

  test('STS is a matter of the route, because it only holds with a certificate that clients trust', () => {
    const sts = { 'headers.stsseconds': '300', 'headers.stsincludesubdomains': 'true', 'headers.stspreload': 'true' };
    const value = 'max-age=300; includeSubDomains; preload';
    expect(withMiddleware(sts)).toMatchObject({ filters: [], https: { hsts: value }, problems: [] });
    expect(withMiddleware({ ...sts, 'headers.forcestsheader': 'true' }).filters).toMatchObject([
      { type: 'headers', response: [{ operation: 'set', name: 'strict-transport-security', value }] },
    ]);
  });
});

describe('what cannot be honoured', () => {
  test.each<[options: Labels, expected: RegExp]>([
    [{ 'basicauth.usersfile': '/users' }, /users inline/],
    [{ 'basicauth.users': 'test:secret' }, /\$\$ for each \$/],
    [{ 'basicauth.users': '' }, /name:hash/],
    [{ 'basicauth.users': `a:$2y$31$${'a'.repeat(53)}` }, /a hash of bcrypt/],
    [{ 'basicauth.users': `a:${APR1}`, 'basicauth.relm': 'x' }, /realm, probably/],
    [{ 'digestauth.users': 'test:traefik:a2688e031edb4be6a3797f3882655c05' }, /forwardauth/],
    [{ 'forwardauth.address': 'authelia:9091' }, /http:\/\/ or https:\/\/ URL/],
    [{ 'forwardauth.address': 'http://169.254.169.254/latest' }, /http:\/\/ or https:\/\/ URL/],
    [{ 'forwardauth.address': 'http://[::ffff:169.254.169.254]/' }, /http:\/\/ or https:\/\/ URL/],
    [{ 'forwardauth.address': 'http://a', 'forwardauth.tls.ca': 'x.crt' }, /labels name no files/],
    [{ 'forwardauth.address': 'http://a', 'forwardauth.forwardbody': 'true' }, /maxbodysize/],
    [{ 'forwardauth.address': 'http://a', 'forwardauth.authsigninurl': 'http://b' }, /redirects by itself/],
    [{ 'ipallowlist.sourcerange': '10.0.0.0/33' }, /192\.0\.2\.0\/24/],
    [{ 'ipallowlist.sourcerange': '' }, /192\.0\.2\.0\/24/],
    [{ 'ratelimit.average': 'many' }, /a whole number/],
    [{ 'ratelimit.average': '1', 'ratelimit.burst': '0' }, /from 1/],
    [
      {
        'inflightreq.amount': '1',
        'inflightreq.sourcecriterion.requesthost': 'true',
        'inflightreq.sourcecriterion.requestheadername': 'x',
      },
      /one of/,
    ],
    [{ 'redirectscheme.scheme': 'ftp' }, /http, https/],
    [{ 'redirectregex.regex': '(', 'redirectregex.replacement': 'x' }, /RE2/],
    [{ 'stripprefix.prefixes': 'api' }, /such as \/api/],
    [{ 'headers.framdeny': 'true' }, /framedeny, probably/],
    [{ 'headers.customresponseheaders.Transfer-Encoding': 'x' }, /a header name/],
    [{ 'headers.customrequestheaders.X-A': 'a\r\nb: c' }, /one line/],
    [{ 'passtlsclientcert.pem': 'true' }, /x-ssl-client-verify/],
    [{ 'plugin.crowdsec.enabled': 'true' }, /plugins: of a route/],
    [{ 'plugin.sablier.group': 'a', 'plugin.crowdsec.enabled': 'true' }, /.*/],
    [{ 'jwt.secret': 'x' }, /one of/],
    [{ 'basicaut.users': 'x' }, /basicauth, probably/],
    [{ 'addprefix.prefix': '/a', compress: 'true' }, /one type/],
  ])('%j: the site is closed', (options, expected) => {
    const read = withMiddleware(options);
    expect(read).toMatchObject({ filters: [], answer: { type: 'respond', status: 503 } });
    expect(read.problems).not.toEqual([]);
    expect(read.problems[0]?.expected).toMatch(expected);
  });

  test.each<[options: Labels]>([
    [{ 'compress.encodings': 'lzma' }],
    [{ 'circuitbreaker.expression': 'Sometimes()' }],
    [{ 'retry.attempts': '0' }],
    [{ 'errors.status': '500' }],
    [{ 'grpcweb.alloworigins': '*' }],
    [{ 'contenttype.autodetect': 'true' }],
    [{ 'headers.sslredirect': 'true' }],
    [{ 'plugin.sablier.group': 'shop', 'plugin.sablier.sessionDuration': '5m' }],
    [{ 'headers.sslproxyheaders.X-Forwarded-Proto': 'https' }],
    [{ 'ratelimit.average': '0', 'ratelimit.redis.endpoints': 'redis:6379' }],
  ])('%j keeps nobody out, so that the site is served without it', (options) => {
    const read = withMiddleware(options);
    expect(read).toMatchObject({ filters: [], answer: undefined });
    expect(read.problems).not.toEqual([]);
  });

  test('no hash is ever told', () => {
    const { problems } = withMiddleware({
      'basicauth.users': 'admin:hunter2',
      'forwardauth.address': 'http://u:hunter2@a',
    });
    expect(problems).not.toEqual([]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});
