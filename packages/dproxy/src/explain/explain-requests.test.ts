import { type Filter, type ExplainRequest } from '@dproxy/core';
import { listenerOf, snapshotOf, streamOf, type SnapshotSpec } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import { explain, explainerOf, HTTP } from './_explain.ts';
import { explanationLines } from './explanation-lines.ts';

it('says of every backend whether round robin may choose it, and why not', () => {
  const to = [
    { port: 1, name: 'well' },
    { port: 2, name: 'resting', weight: 0 },
    { port: 3, name: 'ill', state: 'unhealthy' as const, reason: 'its check fails' },
    { port: 4, name: 'leaving', state: 'draining' as const, reason: 'it was told to end' },
    { port: 80, name: 'forged', address: '169.254.169.254', containerId: 'c' },
  ];
  const { backends, answer } = explain({ routes: [{ host: 'a.test', to }] }, 'a.test');
  expect(backends.map(({ name, mayBeChosen, reason }) => [name, mayBeChosen, reason])).toEqual([
    ['well', true, ''],
    ['resting', false, 'its weight is 0: it takes no new requests'],
    ['ill', false, 'its check fails'],
    ['leaving', false, 'it was told to end'],
    ['forged', false, expect.stringMatching(/^its address is refused: it is link-local/)],
  ]);
  expect(answer).toMatchObject({ type: 'backend', ok: true, detail: 'a.test/ answers: forwarded to its backend' });
});

it('says that a backend that drains may be chosen where nobody else is left', () => {
  const to = [
    { port: 1, name: 'leaving', state: 'draining' as const, reason: 'it was told to end' },
    { port: 2, name: 'ill', state: 'unhealthy' as const, reason: 'its check fails' },
  ];
  const { backends, answer } = explain({ routes: [{ host: 'a.test', to }] }, 'a.test');
  expect(backends.map(({ state, mayBeChosen }) => [state, mayBeChosen])).toEqual([
    ['draining', true],
    ['unhealthy', false],
  ]);
  expect(answer).toMatchObject({ type: 'backend', ok: true });
});

it('asks the conditions of routes with the method and the headers that it is given', () => {
  const routes = [
    { host: 'a.test', to: { port: 1 } },
    {
      host: 'a.test',
      to: { port: 2 },
      condition: {
        type: 'all' as const,
        of: [
          { type: 'method' as const, methods: ['POST'] },
          { type: 'header' as const, name: 'x-canary', value: 'yes' },
        ],
      },
    },
  ];
  const plain = explain({ routes }, 'a.test');
  expect(plain.candidates.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual([
    'chosen ',
    'failed method is not POST and header x-canary is not yes',
  ]);
  const canary = explain({ routes }, 'a.test', { method: 'POST', headers: [['X-Canary', 'yes']] });
  expect(canary.candidates.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual([
    'chosen ',
    'outranked a.test/ #["segments",{"type":"all","of":[{"type":"method","methods":["POST"]},{"type":"header","name":"x-canary","value":"yes"}]}] has a condition',
  ]);
  expect(() => explain({ routes }, 'a.test', { method: 'GET /x HTTP/1.1\r\n' })).toThrow('expected one such as GET');
});

it('passes over a wildcard without a ready backend, as workers do', () => {
  const routes = [
    { host: '*.b.test', to: { port: 1, state: 'stopped' as const } },
    { host: '*.test', to: { port: 2 } },
  ];
  const { answer, candidates, notes } = explain({ routes }, 'a.b.test');
  expect(answer.ok).toBe(true);
  expect(candidates.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual([
    ['*.test/', 'chosen', ''],
    ['*.b.test/', 'failed', 'none of its backends is ready'],
  ]);
  expect(notes).toContainEqual(expect.stringContaining('remembers'));
});

it('comes in on the usual listener when the URL has no port, wherever that is', () => {
  const routes = { 'a.test': { port: 1 } };
  expect(explain({ routes }, 'http://a.test/').notes).toEqual(['taken as coming in on http, which is at port 8080']);
  expect(explain({ routes }, 'http://a.test:8080/').notes).toEqual([]);
  for (const url of ['http://a.test:80/', 'https://a.test/']) {
    const { answer } = explain({ routes }, url);
    expect(answer).toMatchObject({ type: 'no-listener', ok: false });
    expect(answer.detail).toContain('http at port 8080');
  }
});

it('suggests other names only for a host that nobody has', () => {
  const listeners = [HTTP, listenerOf({ protocol: 'https', publicPort: 443 })];
  const spec = { routes: { 'shop.test': { port: 1 }, 'shops.test': { port: 1 } }, listeners };
  expect(explain(spec, 'http://shop.test/').didYouMean).toEqual([]);
  expect(explain(spec, 'https://shop.test/')).toMatchObject({ didYouMean: [], tls: { alert: 'unrecognized_name' } });
  expect(explain(spec, 'http://shp.test/').didYouMean).toEqual(['shop.test', 'shops.test']);
  expect(explain(spec, 'https://shp.test/').didYouMean).toEqual(['shop.test', 'shops.test']);
});

it('shows the order of what a route does', () => {
  const headers = { requestSet: [['x-a', '1']] as const, responseRemove: ['server'] };
  const routes = [{ host: 'a.test', to: { port: 1 }, headers, plugins: ['auth', 'log'] }];
  const { filters } = explain({ routes }, 'a.test');
  expect(filters.map(({ filter, detail }) => `${filter}: ${detail}`)).toEqual([
    'https-redirect: not sent to HTTPS: no HTTPS listener takes it',
    'plugin: auth',
    'plugin: log',
    'request-headers: sets x-a',
    'timeouts: connect 5000 ms, response 300000 ms, idle 300000 ms',
    'response-headers: removes server',
  ]);
});

describe('filters', () => {
  const basicAuth = {
    type: 'basicAuth',
    users: [['ann', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=']],
    realm: 'closed',
    removeHeader: true,
    userHeader: '',
  } as const;
  const forwardAuth = {
    type: 'forwardAuth',
    url: 'https://sso.test/verify?key=secret',
    trustForwarded: false,
    requestHeaders: [],
    responseHeaders: [],
    responseHeadersPattern: '',
    cookies: [],
    userHeader: '',
    maxBodyBytes: -1,
    preserveMethod: false,
    preserveLocation: false,
    tlsVerify: true,
    timeoutMs: 0,
  } as const;
  const allowed = (ranges: readonly string[]): Filter => ({
    type: 'allowClients',
    ranges,
    by: { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 },
    status: 403,
  });
  const of = (filters: readonly Filter[], url = 'http://a.test:8080/api/x', more: Partial<ExplainRequest> = {}) => {
    const explanation = explain({ routes: [{ host: 'a.test', to: { port: 1 }, filters }] }, url, more);
    const routes = explanation.filters.filter(({ filter }) => filter !== 'timeouts' && filter !== 'https-redirect');
    return { ...explanation, lines: routes.map(({ filter, detail }) => `${filter}: ${detail}`) };
  };

  it('are shown in their order, with what they would do to this request', () => {
    const headers: Filter = {
      type: 'headers',
      request: [{ operation: 'set', name: 'x-key', value: 'secret' }],
      response: [],
    };
    const { lines, filters, answer } = of(
      [allowed(['127.0.0.0/8']), { type: 'stripPrefix', prefixes: ['/api'] }, headers, forwardAuth, basicAuth],
      'http://a.test:8080/api/x',
      { headers: [['Authorization', 'Basic YW5uOnNlY3JldA==']] },
    );
    expect(lines).toEqual([
      'allowClients: lets 127.0.0.1 pass',
      'stripPrefix: the backend gets /x instead of /api/x',
      'headers: for the backend: set x-key',
      'forwardAuth: would ask https://sso.test/verify, whose answer is taken as yes here',
      'basicAuth: would check the password for "closed", which is taken as right here',
    ]);
    // Apart from the words: the admin API hides it.
    expect(filters.flatMap(({ values }) => values)).toEqual([['x-key', 'secret']]);
    expect(answer).toMatchObject({ type: 'backend', ok: true });
  });

  it('that answer say why, and are the last that is shown', () => {
    const { lines, answer } = of([allowed(['192.0.2.0/24', '198.51.100.0/24']), basicAuth]);
    expect(lines).toEqual(['allowClients: answers 403: 127.0.0.1 is not in 192.0.2.0/24, 198.51.100.0/24']);
    expect(answer).toMatchObject({ type: 'filter', ok: false, status: 403, detail: 'a filter of a.test/ answers 403' });
    expect(of([basicAuth]).answer).toMatchObject({ type: 'filter', ok: false, status: 401 });
    const moved: Filter = { type: 'redirectPattern', pattern: 'api', replacement: 'v2', permanent: true };
    expect(of([moved])).toMatchObject({
      lines: ['redirectPattern: answers 301, to http://a.test:8080/v2/x'],
      answer: { type: 'filter', ok: true, status: 301, location: 'http://a.test:8080/v2/x' },
    });
    expect(of([{ type: 'stripPrefix', prefixes: ['/api'] }], 'http://a.test:8080/api%2Fx').answer).toMatchObject({
      type: 'error',
      code: 'path-ambiguous',
    });
  });
});

it('finds what is malformed where the parser does', () => {
  const routes = { 'a.test': { port: 1 } };
  const codeOf = (url: string, headers: ExplainRequest['headers'] = []): string =>
    explain({ routes }, url, { headers }).answer.code;
  expect(codeOf('http://a..test/')).toBe('host-malformed');
  expect(codeOf('http://a.test/%00')).toBe('target-malformed');
  expect(codeOf('http://a.test/', [['X Y', 'z']])).toBe('header-malformed');
  expect(codeOf('http://a.test/', [['Content-Length', 'x']])).toBe('content-length-malformed');
  const twice = [
    ['Host', 'a.test'],
    ['Host', 'b.test'],
  ] as const;
  expect(codeOf('http://a.test/', twice)).toBe('host-malformed');
  const long = 'x'.repeat(4_000);
  expect(
    codeOf(
      'http://a.test/',
      Array.from({ length: 10 }, () => ['X-Long', long] as const),
    ),
  ).toBe('head-too-large');
});

it.each([
  [{ url: 'http://u:p@a.test/' }, /^url is "http:\/\/\.\.\.@a\.test\/"; expected/],
  [{ client: 'me' }, /^client is "me"; expected an IP address/],
  [{ headers: [['X', 'a\r\nHost: b']] as const }, /^the header "X" is .*expected Name: value in one line/],
  [{ headers: [['X', 'x'.repeat(5_000)]] as const }, /expected Name: value in one line/],
  [{ headers: Array.from({ length: 33 }, () => ['X', 'y'] as const) }, /^33 headers; expected 32 at most/],
])('refuses %j', (more, message) => {
  expect(() => explain({}, 'a.test', more)).toThrow(message);
});

it('says that there is no table yet', () => {
  const request = { url: 'a.test', headers: [], client: '', hasClientCertificate: false };
  expect(() => explainerOf(undefined).explain(request)).toThrow(RangeError);
});

it('lists containers without a route by how near their name is, without those that have one', () => {
  const view = { id: '', image: '', engine: '', state: 'running', health: '', backends: [], hosts: [] };
  const containers = () => [
    { ...view, name: 'other', reason: 'no port' },
    { ...view, name: 'my_shop', reason: 'add the label dproxy.port' },
    { ...view, name: 'served', reason: 'it is unhealthy', hosts: ['a.test'] },
    { ...view, name: 'fine', reason: '' },
  ];
  const snapshot = snapshotOf({ listeners: [HTTP], routes: { 'a.test': { port: 1 } } });
  const explanation = explainerOf(snapshot, { containers }).explain({
    url: 'http://my-shop.localhost/',
    headers: [],
    client: '',
    hasClientCertificate: false,
  });
  expect(explanation.unrouted.map(({ name }) => name)).toEqual(['my_shop', 'other']);
  expect(explanationLines(explanation)).toEqual([
    'http my-shop.localhost/  on http  from 127.0.0.1 (local names answer it)',
    '  no route has this host',
    '  unrouted   my_shop: add the label dproxy.port',
    '  unrouted   other: no port',
    '  note       taken as coming in on http, which is at port 8080',
    '=> answered with 404: No site answers at this address. (my-shop.localhost/)',
  ]);
});

it('says pass or fail first, one line for each candidate', () => {
  const routes = [
    { host: 'a.test', to: { port: 1 } },
    { host: 'a.test', path: '/api', to: { port: 2 } },
  ];
  expect(explanationLines(explain({ routes }, 'http://a.test:8080/x'))).toEqual([
    'http a.test/x  on http  from 127.0.0.1 (local names answer it)',
    '  pass       a.test/  from a.test (test)',
    '    pass host: a.test is named',
    '    pass path: takes all paths',
    '    pass listener: answers on every listener',
    '    pass audience: answers everyone',
    '  fail       a.test/api: /x is not /api or below it  from a.test (test)',
    '    pass host: a.test is named',
    '    fail path: /x is not /api or below it',
    '    pass listener: answers on every listener',
    '    pass audience: answers everyone',
    '  filter     https-redirect: not sent to HTTPS: no HTTPS listener takes it',
    '  filter     timeouts: connect 5000 ms, response 300000 ms, idle 300000 ms',
    '  backend    pass http://127.0.0.1:1  127.0.0.1:1  ready  weight 1',
    '=> a.test/ answers: forwarded to its backend',
  ]);
});

describe('a stream on the port of HTTPS', () => {
  const https = listenerOf({
    id: 'https',
    protocol: 'https',
    addresses: [{ host: '0.0.0.0', port: 443 }],
    publicPort: 443,
  });
  const spec: SnapshotSpec = {
    listeners: [HTTP, https],
    routes: [
      { host: 'db.test', to: { port: 1 } },
      { host: 'app.test', to: { port: 2 } },
    ],
    streams: [
      streamOf({ listenerId: 'https', host: 'db.test', tls: 'passthrough', backendIds: [] }),
      streamOf({ listenerId: 'https', host: '*', tls: 'passthrough', backendIds: [] }),
    ],
  };

  it('is what answers for a name that it names, whatever sites there are', () => {
    const { answer, candidates, host, tls } = explain(spec, 'https://db.test/x');
    expect(answer).toMatchObject({
      type: 'stream',
      ok: true,
      detail: expect.stringMatching(/^the stream https\/db\.test.* takes this name/),
    });
    expect(host).toBe('db.test');
    expect(candidates).toMatchObject([{ id: 'db.test/', verdict: 'not-reached' }]);
    expect(tls.certificateKind).toBe('');
  });

  it('leaves sites that are named more exactly, and plain HTTP, alone', () => {
    expect(explain(spec, 'https://app.test').answer.type).not.toBe('stream');
    expect(explain(spec, 'https://other.test').answer.type).toBe('stream');
    expect(explain(spec, 'http://db.test').answer.type).toBe('backend');
  });
});
