import { describe, expect, test } from 'vitest';
import { readAll, readOne } from './_read-traefik.ts';
import { traefik } from './traefik.ts';

const RULE = 'traefik.http.routers.web.rule';

function summary(labels: Record<string, string>, parts: Parameters<typeof readOne>[1] = {}) {
  const { services, problems } = readOne(labels, parts);
  return {
    routes: services.map(({ service, hosts, port, backend }) => ({ service, hosts, port, backend })),
    problems: problems.map(({ message }) => message),
  };
}

describe("Traefik's own examples", () => {
  test('a router without a service has the implicit one, at the lowest exposed port', () => {
    const read = summary({ 'traefik.http.routers.my-container.rule': 'Host(`example.com`)' }, { tcpPorts: [80, 8080] });
    expect(read).toEqual({
      routes: [{ service: 'my-container', hosts: ['example.com'], port: 80, backend: 'web' }],
      problems: [],
    });
  });

  test('the port of a service is the one of its label', () => {
    const read = summary({
      'traefik.http.routers.my-container.rule': 'Host(`example.com`)',
      'traefik.http.services.my-service.loadbalancer.server.port': '12345',
    });
    expect(read.routes).toEqual([
      { service: 'my-container', hosts: ['example.com'], port: 12_345, backend: 'my-service' },
    ]);
    expect(read.problems).toEqual([]);
  });

  test('several routers and services of one container find each other by name', () => {
    const read = summary({
      'traefik.http.routers.www-router.rule': 'Host(`example-a.com`)',
      'traefik.http.routers.www-router.service': 'www-service',
      'traefik.http.services.www-service.loadbalancer.server.port': '8000',
      'traefik.http.routers.admin-router.rule': 'Host(`example-b.com`)',
      'traefik.http.routers.admin-router.service': 'admin-service@docker',
      'traefik.http.services.admin-service.loadbalancer.server.port': '9000',
    });
    expect(read.routes).toEqual([
      { service: 'admin-router', hosts: ['example-b.com'], port: 9_000, backend: 'admin-service' },
      { service: 'www-router', hosts: ['example-a.com'], port: 8_000, backend: 'www-service' },
    ]);
    expect(read.problems).toEqual([]);
  });

  test('labels have no case, and names keep theirs', () => {
    const read = summary({
      'Traefik.HTTP.Routers.MyApp.Rule': 'Host(`example.com`)',
      'traefik.http.ROUTERS.myapp.Service': 'Main',
      'traefik.http.services.main.LoadBalancer.Server.Port': '81',
    });
    expect(read.routes).toEqual([{ service: 'MyApp', hosts: ['example.com'], port: 81, backend: 'main' }]);
  });
});

describe('which containers and which services', () => {
  test('enable alone makes the default rule of the default name', () => {
    const labelled = { 'traefik.enable': 'true' };
    expect(summary(labelled).routes).toMatchObject([{ service: 'web', hosts: ['web'] }]);
    const compose = { 'com.docker.compose.project': 'my_proj', 'com.docker.compose.service': 'web' };
    expect(summary({ ...labelled, ...compose }).routes).toMatchObject([
      { service: 'web-my-proj', hosts: ['web-my-proj'] },
    ]);
  });

  test.each([
    ['enable=false', { 'traefik.enable': 'false', [RULE]: 'Host(`a.com`)' }, {}],
    ['an enable that nobody can read', { 'traefik.enable': 'yes', [RULE]: 'Host(`a.com`)' }, {}],
    ['exposedByDefault: false', { [RULE]: 'Host(`a.com`)' }, { exposedByDefault: false }],
    ['a constraint', { [RULE]: 'Host(`a.com`)' }, { constraints: 'Label(`tier`, `public`)' }],
    ['a constraint that is wrong', { [RULE]: 'Host(`a.com`)' }, { constraints: 'Label(' }],
  ])('%s: not served', (_, labels, options) => {
    expect(readOne(labels, { options }).services).toEqual([]);
  });

  test('exposedByDefault: false with enable=true, and a constraint that holds: served', () => {
    const labels = { 'traefik.enable': 'true', tier: 'public', [RULE]: 'Host(`a.com`)' };
    const options = { exposedByDefault: false, constraints: 'Label(`tier`, `public`)' };
    expect(readOne(labels, { options })).toMatchObject({ enable: true, services: [{ hosts: ['a.com'] }] });
  });

  test('a router that could mean several services is left out, and no router is made for several', () => {
    const services = {
      'traefik.http.services.a.loadbalancer.server.port': '1000',
      'traefik.http.services.b.loadbalancer.server.port': '1001',
    };
    const read = summary({ ...services, [RULE]: 'Host(`a.com`)' });
    expect(read.routes.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
    expect(read.problems).toEqual(['traefik.http.routers.web cannot choose among several services: a, b']);
    expect(summary(services).routes.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
  });

  test.each([[[]], [[22]], [[5432, 6379]]])(
    'without a port that may be guessed (%j) the port is missing',
    (tcpPorts) => {
      const read = readOne({ [RULE]: 'Host(`a.com`)' }, { tcpPorts });
      expect(read.services).toEqual([]);
      expect(read.problems).toEqual([
        {
          message: expect.stringMatching(/^port is missing/),
          expected: 'the label traefik.http.services.web.loadbalancer.server.port=<port>',
        },
      ]);
    },
  );

  test('a raw router takes the place of the site that was not asked for', () => {
    expect(readOne({ 'traefik.tcp.routers.db.rule': 'HostSNI(`*`)' }).services).toEqual([]);
    const both = { 'traefik.tcp.services.db.loadbalancer.server.port': '5432', [RULE]: 'Host(`a.com`)' };
    expect(readOne(both).services).toMatchObject([{ hosts: ['a.com'] }]);
  });

  test('the default rule of the options, and one that cannot be read', () => {
    const labels = { 'traefik.enable': 'true', 'com.docker.compose.service': 'shop' };
    const defaultRule = 'Host(`{{ index .Labels "com.docker.compose.service" }}.example.com`)';
    expect(readOne(labels, { options: { defaultRule } }).services).toMatchObject([{ hosts: ['shop.example.com'] }]);
    const broken = readOne(labels, { options: { defaultRule: '{{ if .Name }}' } });
    expect(broken.services).toMatchObject([{ hosts: [] }]);
    expect(broken.problems).toEqual([
      {
        message: 'docker.dialects.traefik.defaultRule: column 1: found if',
        expected: expect.stringMatching(/normalize/),
      },
    ]);
  });
});

describe('networks', () => {
  const attachment = { networkId: 'n', address: '10.0.0.2', gateway: '10.0.0.1' };
  const attachments = [
    { ...attachment, network: 'a' },
    { ...attachment, network: 'proj_front', address: '10.0.1.2' },
  ];
  const project = { 'com.docker.compose.project': 'proj' };

  test.each([
    ['a', 'a', 0],
    ['front', 'proj_front', 0],
    ['proj_front', 'proj_front', 0],
    ['nowhere', undefined, 1],
  ])('%s is %s', (network, expected, problems) => {
    const labels = { ...project, [RULE]: 'Host(`a.com`)', 'traefik.docker.network': network };
    const read = readOne(labels, { attachments });
    expect(read.services).toMatchObject([{ network: expected }]);
    expect(read.problems).toHaveLength(problems);
  });

  test('the options have a network for those who name none, and it may be missing', () => {
    const read = (network: string) => readOne({ [RULE]: 'Host(`a.com`)' }, { attachments, options: { network } });
    expect(read('a')).toMatchObject({ network: 'a', problems: [] });
    expect(read('nowhere')).toMatchObject({ network: undefined, problems: [] });
  });
});

describe('routers', () => {
  test.each<[labels: Record<string, string>, expected: object]>([
    [{}, { listeners: [], condition: null }],
    [{ entrypoints: 'web' }, { listeners: ['http'], condition: null }],
    [{ entrypoints: 'websecure' }, { listeners: ['https'], condition: null }],
    [{ entrypoints: 'web, websecure' }, { listeners: ['http', 'https'], condition: null }],
    [{ tls: 'true' }, { listeners: [], condition: { type: 'encrypted', is: true } }],
    [
      { 'tls.certresolver': 'le' },
      { listeners: [], condition: { type: 'encrypted', is: true }, https: { redirect: 0, certificate: 'acme' } },
    ],
    [
      { tls: 'true', entrypoints: 'websecure' },
      { listeners: ['https'], condition: null },
    ],
    [
      { tls: 'true', entrypoints: 'web,websecure' },
      { listeners: ['https'], condition: null },
    ],
    [
      { tls: 'false', entrypoints: 'web' },
      { listeners: ['http'], condition: null },
    ],
    [{ entrypoints: 'Internal' }, { listeners: ['internal'], condition: null }],
    [
      { entrypoints: 'internal', tls: 'true' },
      { listeners: ['internal'], condition: { type: 'encrypted', is: true } },
    ],
    [{ entrypoints: 'metrics' }, { listeners: [], publicPorts: [{ port: 9_100, protocol: 'http' }] }],
    [
      { entrypoints: 'edge', tls: 'true' },
      { listeners: ['https'], condition: null },
    ],
    [{ priority: '42' }, { priority: 42 }],
    [{ priority: '-1' }, { priority: -1 }],
    [{ priority: '0' }, { priority: 13 }],
  ])('%j', (labels, expected) => {
    const all = Object.entries(labels).map(([key, value]) => [`traefik.http.routers.web.${key}`, value]);
    const { services, problems } = readOne(
      { [RULE]: 'Host(`a.com`)', ...(Object.fromEntries(all) as object) },
      { listeners: ['http', 'https', 'internal'], options: { entryPoints: { Metrics: 9_100, edge: 'https' } } },
    );
    expect(problems).toEqual([]);
    expect(services).toMatchObject([{ hosts: ['a.com'], fallThrough: false, ...expected }]);
  });

  test('a router without TLS is for plain requests as soon as another one has TLS for its host', () => {
    const { web, old } = readAll({
      web: { labelled: { [RULE]: 'Host(`a.com`)', 'traefik.http.routers.web.tls': 'true' } },
      old: {
        labelled: { 'traefik.http.routers.old.rule': 'Host(`a.com`)', 'traefik.http.routers.old.middlewares': '' },
      },
    });
    expect(web?.services).toMatchObject([{ condition: { type: 'encrypted', is: true } }]);
    expect(old?.services).toMatchObject([{ condition: { type: 'encrypted', is: false } }]);
  });

  test('hosts of which another router has TLS are told apart from the rest', () => {
    const { plain } = readAll({
      secure: { labelled: { [RULE]: 'Host(`a.com`)', 'traefik.http.routers.web.tls': 'true' } },
      plain: { labelled: { 'traefik.http.routers.p.rule': 'Host(`a.com`) || Host(`b.com`)' } },
    });
    expect(plain?.services).toMatchObject([
      { service: 'p', hosts: ['b.com'], condition: null },
      { service: 'p~2', hosts: ['a.com'], condition: { type: 'encrypted', is: false } },
    ]);
  });

  test('TLS where only plain HTTP is spoken is reported', () => {
    const labels = { [RULE]: 'Host(`a.com`)', 'traefik.http.routers.web.tls': 'true' };
    const read = readOne({ ...labels, 'traefik.http.routers.web.entrypoints': 'web' });
    expect(read.services.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
    expect(read.problems).toMatchObject([{ expected: 'entrypoints=websecure, or no tls' }]);
  });

  test('an entry point that nobody knows is reported with the key that mends it, and the rest is served', () => {
    const labels = { [RULE]: 'Host(`a.com`)', 'traefik.http.routers.web.entrypoints': 'web,Lan' };
    expect(readOne(labels)).toMatchObject({
      services: [{ listeners: ['http'] }],
      problems: [{ expected: expect.stringContaining('listen.lan') }],
    });
    const alone = readOne({ ...labels, 'traefik.http.routers.web.entrypoints': 'lan' });
    expect(alone.services.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
  });

  test('redirectToHttps sends plain requests of TLS routers to HTTPS', () => {
    const labels = { [RULE]: 'Host(`a.com`) && PathPrefix(`/x`)', 'traefik.http.routers.web.tls': 'true' };
    const { services } = readOne(labels, { options: { redirectToHttps: true } });
    expect(services).toMatchObject([
      { service: 'web', condition: { type: 'encrypted', is: true } },
      {
        service: 'web@redirect',
        hosts: ['a.com'],
        path: '/x',
        condition: { type: 'encrypted', is: false },
        filters: [{ type: 'redirectScheme', scheme: 'https', port: 0, permanent: true }],
      },
    ]);
  });

  test('a rule that cannot be read is reported with its column', () => {
    const read = readOne({ [RULE]: 'Host(`a.com`' });
    expect(read.services.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
    expect(read.problems).toEqual([
      { message: 'traefik.http.routers.web.rule: column 13: found the end of the rule', expected: ', or )' },
    ]);
  });

  test('options of TLS are not passed over, unless dproxy.yml takes care of them', () => {
    const labels = { [RULE]: 'Host(`a.com`)', 'traefik.http.routers.web.tls.options': 'mtls@file' };
    expect(readOne(labels)).toMatchObject({
      services: [{ hosts: ['a.com'], answer: { status: 503 } }],
      problems: [{ expected: expect.stringContaining('tlsOptions: [mtls]') }],
    });
    const honoured = readOne(labels, { options: { tlsOptions: ['mtls'] } });
    expect(honoured).toMatchObject({ services: [{ answer: undefined }], problems: [] });
  });

  test.each([
    ['traefik.http.routers.web.entrypoint', 'web', 'entrypoints, probably'],
    ['traefik.http.router.web.rule', 'Host(`b.com`)', 'traefik.http.routers, probably'],
    ['traefik.enabled', 'true', 'traefik.enable, probably'],
    ['traefik.frontend.rule', 'Host:a.com', expect.stringMatching(/Traefik 2 and 3/)],
    ['traefik.http.routers.a@b.rule', 'Host(`b.com`)', expect.stringMatching(/<name>/)],
  ])('%s is reported', (label, value, expected) => {
    const { problems } = readOne({ [RULE]: 'Host(`a.com`)', [label]: value });
    expect(problems).toEqual([{ message: expect.stringContaining(label), expected }]);
  });

  test('domains of certificates are accepted, and wildcards among them reported', () => {
    const domains = (main: string, sans: string) => ({
      [RULE]: 'Host(`a.com`)',
      'traefik.http.routers.web.tls.domains[0].main': main,
      'traefik.http.routers.web.tls.domains[0].sans': sans,
    });
    expect(readOne(domains('a.com', 'b.com,c.com'))).toMatchObject({ services: [{ answer: undefined }], problems: [] });
    expect(readOne(domains('a.com', '*.a.com'))).toMatchObject({
      services: [{ answer: undefined }],
      problems: [{ expected: expect.stringContaining('DNS-01') }],
    });
  });

  test("labels for constraints of one's own are nobody's business", () => {
    expect(readOne({ [RULE]: 'Host(`a.com`)', 'traefik.constraint-label': 'public' }).problems).toEqual([]);
  });
});

test.each([
  ['traefik.http.routers.web.rule', true],
  ['Traefik.TCP.Routers.db.EntryPoints', true],
  ['traefik.udp.routers.dns.entrypoints[0]', true],
  ['traefik.http.routers.web', true],
  ['traefik.http.routers.web.middlewares', false],
  ['traefik.http.middlewares.auth.basicauth.users', false],
  ['traefik.enable', true],
])('what an image may not claim: %s %s', (label, expected) => {
  expect(traefik().isPublicClaim('label', label)).toBe(expected);
  expect(traefik().isPublicClaim('env', label)).toBe(false);
});
