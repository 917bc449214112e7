import { describe, expect, test } from 'vitest';
import { readAll, readOne } from './_read-traefik.ts';

type Labels = Record<string, string>;

const BCRYPT = '$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC';

describe('where middlewares are found', () => {
  const rule = { 'traefik.http.routers.web.rule': 'Host(`a.com`)' };
  const using = (names: string): Labels => ({ ...rule, 'traefik.http.routers.web.middlewares': names });
  const prefix = (name: string, path: string): Labels => ({
    [`traefik.http.middlewares.${name}.addprefix.prefix`]: path,
  });
  const add = (path: string) => ({ type: 'addPrefix', prefix: path });

  test('in the order of the router, chains in place', () => {
    const labels = {
      ...using('b, chain@docker ,A'),
      ...prefix('a', '/a'),
      ...prefix('b', '/b'),
      ...prefix('c', '/c'),
      'traefik.http.middlewares.chain.chain.middlewares': 'c,b',
    };
    expect(readOne(labels).services[0]?.filters).toEqual([add('/b'), add('/c'), add('/b'), add('/a')]);
  });

  test('a chain that contains itself, and one that doubles, end', () => {
    const chain = (name: string, of: string) => ({ [`traefik.http.middlewares.${name}.chain.middlewares`]: of });
    const loop = readOne({ ...using('x'), ...chain('x', 'y'), ...chain('y', 'x') });
    expect(loop).toMatchObject({
      services: [{ answer: { status: 503 } }],
      problems: [{ expected: 'a chain that ends' }],
    });
    const names = Array.from({ length: 15 }, (_, index) => `c${index}`);
    const doubling = Object.assign(
      {},
      ...names.map((name, index) => chain(name, `c${index + 1},c${index + 1}`)),
    ) as Labels;
    const read = readOne({ ...using('c0'), ...doubling, ...prefix('c15', '/a') });
    expect(read.services[0]?.answer).toMatchObject({ status: 503 });
  });

  test('on another container, such as the one of Traefik, even when that is stopped', () => {
    const auth = { 'traefik.http.middlewares.auth.basicauth.users': `a:${BCRYPT}` };
    const { web, traefik } = readAll({
      traefik: { labelled: { 'traefik.enable': 'true', ...auth }, state: 'exited' },
      web: { labelled: using('auth@docker') },
    });
    expect(web).toMatchObject({ services: [{ filters: [{ type: 'basicAuth' }] }], problems: [] });
    expect(traefik?.problems).toEqual([]);
    const disabled = readAll({
      traefik: { labelled: { 'traefik.enable': 'false', ...auth } },
      web: { labelled: using('auth') },
    });
    expect(disabled['web']).toMatchObject({ services: [{ answer: { status: 503 } }] });
  });

  test.each([
    ['gone', /not defined on any container/, /docker\.dialects\.traefik\.labels/],
    ['auth@file', /in a file of Traefik's/, /docker\.dialects\.traefik\.labels/],
    ['dashboard_redirect@internal', /is not in labels/, /dproxy\.yml/],
  ])('%s is missing: the site is closed', (name, message, expected) => {
    const read = readOne(using(name));
    expect(read.services).toMatchObject([{ filters: [], answer: { type: 'respond', status: 503 } }]);
    expect(read.problems).toEqual([
      { message: expect.stringMatching(message), expected: expect.stringMatching(expected) },
    ]);
  });

  test('the options define those of files', () => {
    const options = { labels: { ...prefix('base', '/base') } };
    for (const name of ['base', 'base@file', 'base@docker']) {
      expect(readOne(using(name), { options })).toMatchObject({
        services: [{ filters: [add('/base')] }],
        problems: [],
      });
    }
    expect(readOne({ ...using('base'), ...prefix('base', '/own') }, { options }).services[0]?.filters).toEqual([
      add('/own'),
    ]);
  });

  test('middlewares that nobody uses are checked, too', () => {
    expect(readOne({ ...rule, 'traefik.http.middlewares.x.addprefix.prefx': '/a' }).problems).toMatchObject([
      { expected: 'a path such as /api' },
      { expected: 'prefix, probably' },
    ]);
  });
});

test('chains that double without an end cost little, and close the site', () => {
  const chains = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [
      `traefik.http.middlewares.m${index}.chain.middlewares`,
      Array.from({ length: 200 }, () => `m${index + 1}`).join(','),
    ]),
  );
  const router = { 'traefik.http.routers.app.rule': 'Host(`a.com`)', 'traefik.http.routers.app.middlewares': 'm0' };
  const read = readOne({ ...chains, ...router });
  expect(read.services).toMatchObject([{ filters: [], answer: { type: 'respond', status: 503 } }]);
  expect(read.problems.length).toBeLessThan(300);
});

describe('several containers', () => {
  const router = (rule: string, more: Labels = {}) => ({
    labelled: { 'traefik.http.routers.app.rule': rule, ...more },
  });

  test('replicas say the same, and both are served', () => {
    const { a, b } = readAll({ a: router('Host(`a.com`)'), b: router('Host(`a.com`)') });
    expect([a, b]).toMatchObject([
      { services: [{ hosts: ['a.com'] }], problems: [] },
      { services: [{ hosts: ['a.com'] }], problems: [] },
    ]);
  });

  test('of routers with one name that differ the oldest holds, and the younger is told', () => {
    const { old, young } = readAll({ old: router('Host(`a.com`)'), young: router('Host(`b.com`)') });
    expect(old).toMatchObject({ services: [{ hosts: ['a.com'] }], problems: [] });
    expect(young?.services.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
    expect(young?.problems).toMatchObject([
      { message: 'traefik.http.routers.app is also defined on old, differently, which holds' },
    ]);
  });

  test('a container that does not run holds nothing against one that does', () => {
    const { old, young } = readAll({
      old: { ...router('Host(`a.com`)'), state: 'exited' },
      young: router('Host(`b.com`)'),
    });
    expect(young).toMatchObject({ services: [{ hosts: ['b.com'] }], problems: [] });
    expect(old?.problems).toEqual([]);
  });

  test('of middlewares, too, the oldest one holds', () => {
    const prefix = (path: string) => ({
      'traefik.http.middlewares.p.addprefix.prefix': path,
      'traefik.http.routers.app.middlewares': 'p',
    });
    const { young } = readAll({
      old: { labelled: { 'traefik.http.middlewares.p.addprefix.prefix': '/old' } },
      young: router('Host(`b.com`)', prefix('/young')),
    });
    expect(young).toMatchObject({
      services: [{ filters: [{ prefix: '/old' }] }],
      problems: [{ message: 'traefik.http.middlewares.p is also defined on old, differently, which holds' }],
    });
  });

  test.each([
    ['http://authelia:9091/api', 'http://10.0.1.9:9091/api'],
    ['http://auth.example.com/', 'http://auth.example.com/'],
    ['https://authelia:9091/', 'https://authelia:9091/'],
    ['http://nobody:9091/', 'http://nobody:9091/'],
  ])('the service of forwardauth is found by its name on a shared network: %s is %s', (address, url) => {
    const on = (network: string, ip: string) => ({ network, networkId: network, address: ip, gateway: '' });
    const { app } = readAll({
      'sso-1': {
        labelled: {
          'traefik.http.routers.sso.rule': 'Host(`sso.com`)',
          'com.docker.compose.project': 'x',
          'com.docker.compose.service': 'authelia',
        },
        attachments: [on('back', '10.0.0.9'), on('proxy', '10.0.1.9')],
      },
      app: {
        ...router('Host(`a.com`)', {
          'traefik.http.routers.app.middlewares': 'sso',
          'traefik.http.middlewares.sso.forwardauth.address': address,
        }),
        attachments: [on('proxy', '10.0.1.2')],
      },
    });
    expect(app?.services[0]?.filters).toMatchObject([{ type: 'forwardAuth', url }]);
  });

  test('a router may name the service of another container, which serves it', () => {
    const { front, back } = readAll({
      front: router('Host(`a.com`)', { 'traefik.http.routers.app.service': 'api@docker' }),
      back: { labelled: { 'traefik.http.services.api.loadbalancer.server.port': '3000' } },
    });
    expect(front?.services.filter(({ hosts }) => hosts.length > 0)).toEqual([]);
    expect(front?.problems).toEqual([]);
    expect(back).toMatchObject({ problems: [] });
    expect(back?.services).toContainEqual(
      expect.objectContaining({ service: 'app', hosts: ['a.com'], port: 3_000, backend: 'api' }),
    );
  });

  test('a service that no container has is reported', () => {
    const read = readOne({
      'traefik.http.routers.app.rule': 'Host(`a.com`)',
      'traefik.http.routers.app.service': 'gone',
    });
    expect(read.problems).toMatchObject([
      { message: 'traefik.http.routers.app.service: no container has the service gone' },
    ]);
  });

  test("Traefik's own services are refused, but for the one that only redirects", () => {
    const dashboard = readOne(router('Host(`t.com`)', { 'traefik.http.routers.app.service': 'api@internal' }).labelled);
    expect(dashboard.problems).toMatchObject([{ expected: expect.stringContaining('dashboard') }]);
    const redirect = readOne(
      router('Host(`t.com`)', {
        'traefik.http.routers.app.service': 'noop@internal',
        'traefik.http.routers.app.middlewares': 'https',
        'traefik.http.middlewares.https.redirectscheme.scheme': 'https',
      }).labelled,
    );
    expect(redirect.services[0]).toMatchObject({
      hosts: ['t.com'],
      answer: { status: 418 },
      filters: [{ type: 'redirectScheme' }],
    });
  });
});
