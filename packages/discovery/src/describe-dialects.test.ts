import { expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { factsOf } from './_facts-of.ts';
import { describeContainer, type ContainerDescription, type DescribeFacts } from './describe-container.ts';
import { dialectsOf } from './dialects/all-dialects.ts';
import type { Dialect, DialectReading } from './dialects/dialect.ts';
import { PLAIN_SERVICE } from './dialects/plain-service.ts';
import { PLAIN_STREAM } from './dialects/plain-stream.ts';

const NOTHING: DialectReading = {
  enable: undefined,
  network: undefined,
  services: [],
  streams: [],
  isSilent: false,
  problems: [],
};

/** A language of which every container speaks that has the label `<name>.on`. */
function dialectOf(name: string, reading: Partial<DialectReading>): Dialect {
  return {
    name,
    read: () => ({ ...NOTHING, ...reading }),
    isOwnWord: (_kind, word) => word === `${name}.on`,
    isPublicClaim: () => false,
  };
}

const ON = { 'x.on': '', 'y.on': '' };

function describeIt(
  parts: Parameters<typeof containerOf>[0],
  dialects: readonly Dialect[] = dialectsOf({}),
  facts: Partial<DescribeFacts> = {},
): ContainerDescription {
  return describeContainer(containerOf(parts), factsOf({ dialects, ...facts }));
}

const [native] = dialectsOf({}) as [Dialect];
const routesOf = ({ definitions }: ContainerDescription) =>
  definitions.map(({ id, hosts, backends: [backend] }) => [id, hosts[0], backend?.id]);

test('all dialects are read together, each turned off by itself', () => {
  const parts = {
    variables: { RPROXY: 'http://r.test:8080' },
    labelled: { 'dproxy.host': 'n.test', 'io.docksal.virtual-host': 'd.test' },
  };
  expect(describeIt(parts).view.hosts).toEqual([
    'n.test',
    'web.localhost',
    'web.docker.localhost',
    'd.test',
    'r.test',
    '*.r.test',
  ]);
  expect(describeIt(parts, dialectsOf({ rproxy: false, native: false })).view.hosts).toEqual([
    'web.localhost',
    'web.docker.localhost',
    'd.test',
  ]);
});

test('what two dialects say alike is one route with the settings of the first', () => {
  const reading = (priority: number) => ({ services: [{ ...PLAIN_SERVICE, hosts: ['a.test'], port: 80, priority }] });
  const { definitions } = describeIt({ labelled: ON }, [dialectOf('x', reading(1)), dialectOf('y', reading(2))]);
  const everyone = definitions.filter(({ audience }) => audience === 'everyone');
  expect(everyone).toMatchObject([{ id: 'a1b2c3d4e5f6/x:', hosts: ['a.test'], priority: 1 }]);
});

test.each([
  ['path', { path: '/b' }],
  ['condition', { condition: { type: 'method', methods: ['GET'] } }],
  ['listeners', { listeners: ['https'] }],
  ['public port', { publicPorts: [{ port: 8080, protocol: 'http' }] }],
] as const)('another %s is another route', (_what, parts) => {
  const one = { ...PLAIN_SERVICE, hosts: ['a.test'], port: 80 };
  const dialects = [
    dialectOf('x', { services: [one] }),
    dialectOf('y', { services: [{ ...one, ...parts, service: 's' }] }),
  ];
  const { definitions } = describeIt({ labelled: ON }, dialects);
  expect(definitions.filter(({ audience }) => audience === 'everyone').map(({ id }) => id)).toEqual([
    'a1b2c3d4e5f6/x:',
    'a1b2c3d4e5f6/y:s',
  ]);
});

test('services share a backend by its name and port, unless it is spoken to in another way', () => {
  const service = (name: string, parts: object) => ({
    ...PLAIN_SERVICE,
    service: name,
    hosts: [`${name}.test`],
    port: 80,
    ...parts,
  });
  const services = [
    service('a', {}),
    service('b', {}),
    service('c', { backend: 'other' }),
    service('d', { protocol: 'https' }),
    service('e', { protocol: 'https', tlsVerify: false }),
    service('f', { proxyProtocol: 'v1' }),
    service('g', { network: 'back' }),
    service('h', { tlsVerify: false }),
  ];
  const description = describeIt({ labelled: ON }, [dialectOf('x', { services })]);
  expect(
    routesOf(description)
      .filter(([id]) => id?.includes('x:'))
      .map(([, host, backend]) => [host, backend]),
  ).toEqual([
    ['a.test', 'docker:a1b2c3d4e5f6/main:80'],
    ['b.test', 'docker:a1b2c3d4e5f6/main:80'],
    ['c.test', 'docker:a1b2c3d4e5f6/other:80'],
    ['d.test', 'docker:a1b2c3d4e5f6/main:80#https'],
    ['e.test', 'docker:a1b2c3d4e5f6/main:80#https#unverified'],
    ['f.test', 'docker:a1b2c3d4e5f6/main:80#proxy-v1'],
    ['g.test', 'docker:a1b2c3d4e5f6/main:80#network-back'],
    ['h.test', 'docker:a1b2c3d4e5f6/main:80'],
  ]);
});

test('the own names of a container without our labels lead to what the other dialects agree on', () => {
  const services = (ports: readonly number[]) =>
    ports.map((port) => ({
      ...PLAIN_SERVICE,
      service: `s${port}`,
      backend: `b${port}`,
      hosts: [`h${port}.test`],
      port,
    }));
  const local = (ports: readonly number[], labelled = {}) =>
    describeIt({ labelled: { ...ON, ...labelled }, tcpPorts: [9000, 9001] }, [
      native,
      dialectOf('x', { services: services(ports) }),
    ])
      .definitions.filter(({ audience }) => audience === 'local')
      .map(({ backends: [backend] }) => backend?.id);
  expect(local([9001])).toEqual(['docker:a1b2c3d4e5f6/b9001:9001']);
  expect(local([9001], { 'dproxy.port': '9000' })).toEqual(['docker:a1b2c3d4e5f6/main:9000']);
  expect(local([9000, 9001])).toEqual([]);
  const both = [native, dialectOf('x', { services: services([9000, 9001]) })];
  expect(describeIt({ labelled: ON, tcpPorts: [9000, 9001] }, both)).toMatchObject({
    rejected: [],
    view: { reason: '' },
  });
});

test('a dialect that says no port takes that of dproxy.port', () => {
  const silent = dialectOf('x', { services: [{ ...PLAIN_SERVICE, hosts: ['a.test'] }] });
  const ports = { tcpPorts: [9000, 9001] };
  expect(describeIt({ labelled: ON, ...ports }, [native, silent]).rejected).toMatchObject([
    { source: 'docker:web', expected: 'the label dproxy.port=<port>' },
  ]);
  const named = describeIt({ labelled: { ...ON, 'dproxy.port': '9001' }, ...ports }, [native, silent]);
  expect(named.rejected).toEqual([]);
  expect(named.definitions.map(({ backends: [backend] }) => backend?.port)).toEqual([9001, 9001]);
});

test('enable=false of one dialect is for that dialect, of dproxy for all', () => {
  const off = dialectOf('x', { enable: false, services: [{ ...PLAIN_SERVICE, hosts: ['x.test'], port: 80 }] });
  const on = dialectOf('y', { services: [{ ...PLAIN_SERVICE, hosts: ['y.test'], port: 80 }] });
  expect(describeIt({ labelled: ON }, [native, off, on]).view.hosts).toEqual([
    'web.localhost',
    'web.docker.localhost',
    'y.test',
  ]);
  const hidden = describeIt({ labelled: { ...ON, 'dproxy.enable': 'false' } }, [native, off, on]);
  expect(hidden).toMatchObject({ definitions: [], streams: [], view: { reason: expect.stringContaining('hides it') } });
});

test('a stream has a backend of its own kind, and the container keeps its own names', () => {
  const streams = [
    { ...PLAIN_STREAM, service: 'db', port: 80, publicPort: 5432 },
    { ...PLAIN_STREAM, service: 'dns', protocol: 'udp' as const, publicPort: 5353, hosts: ['*'] },
  ];
  const description = describeIt({ labelled: ON, udpPorts: [53] }, [native, dialectOf('x', { streams })]);
  expect(description.streams).toMatchObject([
    {
      id: 'a1b2c3d4e5f6/x:db/tcp',
      port: 5432,
      protocol: 'tcp',
      origin: { name: 'web' },
      refs: [{ backendId: 'docker:a1b2c3d4e5f6/main:80#tcp', weight: 1 }],
      backends: [{ address: '172.17.0.2', port: 80, protocol: 'tcp', state: 'ready' }],
    },
    { id: 'a1b2c3d4e5f6/x:dns/udp', backends: [{ id: 'docker:a1b2c3d4e5f6/main:53#udp', protocol: 'udp', port: 53 }] },
  ]);
  expect(description.view.hosts).toEqual(['web.localhost', 'web.docker.localhost']);
});

test('a database is served as a stream although its port is never guessed for the web', () => {
  const { streams, definitions, rejected, view } = describeIt({
    tcpPorts: [5432],
    variables: { RPROXY: 'tcp://db:5432' },
  });
  expect(streams).toMatchObject([{ port: 5432, backends: [{ port: 5432 }] }]);
  expect([definitions, rejected, view.reason]).toEqual([[], [], '']);
});

test('a stream whose port cannot be told is refused', () => {
  const streams = [{ ...PLAIN_STREAM, service: 'db', publicPort: 5432 }];
  const { rejected } = describeIt({ labelled: ON, tcpPorts: [1, 2] }, [dialectOf('x', { streams })]);
  expect(rejected).toMatchObject([{ message: 'no TCP port can be chosen for db' }]);
});

test('filters call backends of the container by name; others are left for all containers', () => {
  const errorPages = (name: string) => ({
    type: 'errorPages' as const,
    statuses: [[500, 599]] as const,
    backends: [{ backendId: name, weight: 1 }],
    path: '/{status}.html',
  });
  const services = [
    {
      ...PLAIN_SERVICE,
      hosts: ['a.test'],
      port: 80,
      backend: 'web',
      filters: [errorPages('pages'), errorPages('far')],
    },
    { ...PLAIN_SERVICE, service: 'pages', backend: 'pages', port: 81 },
  ];
  const { definitions, unresolved } = describeIt({ labelled: ON }, [dialectOf('x', { services })]);
  const [definition] = definitions.filter(({ audience }) => audience === 'everyone');
  expect(definition?.filters).toMatchObject([
    { backends: [{ backendId: 'docker:a1b2c3d4e5f6/pages:81' }] },
    { backends: [{ backendId: 'far' }] },
  ]);
  expect(definition?.backends.map(({ port }) => port)).toEqual([80, 81]);
  expect(unresolved).toEqual([{ definition: 'a1b2c3d4e5f6/x:', dialect: 'x', name: 'far' }]);
});

test('a defect in a dialect is the problem of that container, told in /rejected', () => {
  const defect: Dialect = {
    ...dialectOf('x', {}),
    read: () => {
      throw new RangeError('too deep');
    },
  };
  const { rejected, view } = describeIt({ labelled: ON }, [native, defect]);
  expect(rejected).toMatchObject([
    { source: 'docker:web', message: 'what it says in the dialect x cannot be read: too deep' },
  ]);
  expect(view.hosts).toContain('web.localhost');
});

test('a variable that is baked into the image claims no host, one of the container does', () => {
  const parts = { variables: { RPROXY: 'http://bank.test' } };
  const image = (value: string) => ({ labels: new Map(), env: new Map([['RPROXY', value]]) });
  const baked = describeIt(parts, dialectsOf({}), { imageWords: image('http://bank.test') });
  expect(baked.view.hosts).toEqual(['web.localhost', 'web.docker.localhost']);
  expect(baked.rejected).toMatchObject([
    { message: 'the variable RPROXY does not count: it is baked into the image example/web' },
  ]);
  expect(describeIt(parts, dialectsOf({}), { imageWords: image('http://x.test') }).view.hosts).toContain('bank.test');
  expect(describeIt(parts, dialectsOf({}), { imageWords: 'trusted' }).view.hosts).toContain('bank.test');
  expect(describeIt(parts, dialectsOf({}), { imageWords: 'unknown' }).view.hosts).not.toContain('bank.test');
});
