import { expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { factsOf } from './_facts-of.ts';
import type { Container } from './container.ts';
import { describeContainer, type ContainerDescription, type DescribeFacts } from './describe-container.ts';

function describeIt(
  parts: Parameters<typeof containerOf>[0] = {},
  facts: Partial<DescribeFacts> = {},
): ContainerDescription {
  return describeContainer(containerOf(parts), factsOf(facts));
}

const hostsFor = ({ definitions }: ContainerDescription, audience: 'everyone' | 'local'): readonly string[] =>
  definitions.filter((each) => each.audience === audience).flatMap(({ hosts }) => hosts);

test('a container without labels answers under its local names', () => {
  const { definitions, rejected, view } = describeIt();
  expect(rejected).toEqual([]);
  expect(definitions).toMatchObject([
    {
      id: 'a1b2c3d4e5f6/main/local',
      hosts: ['web.localhost', 'web.docker.localhost'],
      audience: 'local',
      path: '/',
      sinceMs: 1_000,
      origin: { source: 'docker:unix:///run/docker.sock', name: 'web', line: 0, project: '' },
      action: { type: 'forward', backends: [{ backendId: 'docker:a1b2c3d4e5f6/main:80', weight: 1 }] },
      backends: [{ id: 'docker:a1b2c3d4e5f6/main:80', name: 'web', address: '172.17.0.2', port: 80, state: 'ready' }],
    },
  ]);
  expect(view).toMatchObject({
    name: 'web',
    state: 'running',
    hosts: ['web.localhost', 'web.docker.localhost'],
    reason: '',
  });
});

test('a full host name is for everyone, unless labels name hosts', () => {
  expect(hostsFor(describeIt({ hostname: 'a.example.com' }), 'everyone')).toEqual(['a.example.com']);
  const labelled = describeIt({ hostname: 'a.example.com', labelled: { 'dproxy.host': 'b.example.com' } });
  expect(hostsFor(labelled, 'everyone')).toEqual(['b.example.com']);
  expect(hostsFor(labelled, 'local')).toEqual(['web.localhost', 'web.docker.localhost']);
});

test('exposedByDefault: false leaves only hosts that a label names', () => {
  const off = { exposedByDefault: false };
  expect(describeIt({ hostname: 'a.example.com' }, off).definitions).toEqual([]);
  expect(describeIt({}, off).view.reason).toBe(
    'docker.exposedByDefault is false, and no label names a host; add the label dproxy.host=<name>, or dproxy.enable=true',
  );
  const traefik = { 'traefik.enable': 'false', 'traefik.http.routers.web.rule': 'Host(`a.test`)' };
  expect(describeIt({ labelled: traefik }, off).view.reason).toContain('count for nothing (traefik.enable=false)');
  const named = describeIt({ labelled: { 'dproxy.host': 'b.example.com' } }, off);
  expect(named.definitions.map(({ hosts }) => hosts)).toEqual([['b.example.com']]);
  expect(hostsFor(describeIt({ labelled: { 'dproxy.enable': 'true' } }, off), 'local')).toHaveLength(2);
});

test('dproxy.enable=false leaves a container out, and the view says so', () => {
  const { definitions, view } = describeIt({ labelled: { 'dproxy.enable': 'false', 'dproxy.host': 'a.test' } });
  expect(definitions).toEqual([]);
  expect(view.reason).toBe('the label dproxy.enable hides it: make it again with dproxy.enable=true, or without');
});

test('services on different paths share the local names, services on the same path have one each', () => {
  const shared = describeIt({
    labelled: { 'dproxy.web.port': '80', 'dproxy.api.port': '81', 'dproxy.api.path': '/api' },
  });
  expect(shared.definitions.map(({ hosts, path, backends }) => [hosts[0], path, backends[0]?.port])).toEqual([
    ['web.localhost', '/api', 81],
    ['web.localhost', '/', 80],
  ]);
  const apart = describeIt({ labelled: { 'dproxy.web.port': '80', 'dproxy.admin.port': '81' } });
  expect(apart.definitions.map(({ hosts }) => hosts[0])).toEqual(['admin.web.localhost', 'web.web.localhost']);
});

test('a bad label rejects its service; the others stay', () => {
  const { definitions, rejected } = describeIt({
    labelled: { 'dproxy.web.host': 'a.test', 'dproxy.web.port': 'eighty', 'dproxy.api.host': 'b.test' },
  });
  expect(hostsFor({ definitions } as ContainerDescription, 'everyone')).toEqual(['b.test']);
  expect(rejected).toEqual([
    {
      source: 'docker:web',
      line: 0,
      column: 0,
      message: 'dproxy.web.port=eighty cannot be used',
      expected: 'a port from 1 to 65535',
    },
  ]);
});

test('several ports are rejected with the label to add; a database that nobody asked for is only shown', () => {
  const several = describeIt({ tcpPorts: [9_000, 9_001] });
  expect(several.rejected).toMatchObject([{ expected: 'the label dproxy.port=<port>' }]);
  expect(several.view.reason).toContain('add the label dproxy.port=<port>');
  const database = describeIt({ tcpPorts: [5_432] });
  expect(database.rejected).toEqual([]);
  expect(database.view.reason).toContain('never guessed');
  expect(describeIt({ tcpPorts: [], labelled: { 'dproxy.web.host': 'a.test' } }).rejected).toMatchObject([
    { expected: 'the label dproxy.web.port=<port>' },
  ]);
});

test.each([
  [{ state: 'exited' }, 'stopped', 'docker start web'],
  [{ state: 'created' }, 'stopped', 'docker start web'],
  [{ state: 'restarting' }, 'stopped', 'docker logs web'],
  [{ state: 'paused' }, 'paused', 'docker unpause web'],
  [{ health: 'starting' }, 'starting', 'health check'],
  [{ attachments: [] }, 'unreachable', 'docker network connect bridge web'],
] as [Partial<Container>, string, string][])(
  '%o is a backend that is %s, without an address',
  (parts, state, reason) => {
    const { definitions, view } = describeIt(parts);
    const [backend] = definitions[0]?.backends ?? [];
    expect(backend).toMatchObject({ id: 'docker:a1b2c3d4e5f6/main:80', state, address: '', port: 80 });
    expect(backend?.reason).toContain(reason);
    expect(view.reason).toContain(reason);
  },
);

test('a backend that its engine calls unhealthy keeps its address, for routes that panic', () => {
  const { definitions, view } = describeIt({ health: 'unhealthy' });
  expect(definitions[0]?.backends[0]).toMatchObject({ state: 'unhealthy', address: '172.17.0.2', port: 80 });
  expect(view.reason).toContain('docker inspect web');
});

test('a host that is baked into the image does not count, unless images are trusted or the value is another one', () => {
  const parts = { labelled: { 'dproxy.host': 'bank.test', 'dproxy.port': '8443' } };
  const baked = new Map([
    ['dproxy.host', 'bank.test'],
    ['dproxy.port', '8443'],
  ]);
  const refused = describeIt(parts, { imageWords: { labels: baked, env: new Map() } });
  expect(hostsFor(refused, 'everyone')).toEqual([]);
  expect(refused.rejected[0]?.message).toContain('it is baked into the image example/web');
  expect(refused.definitions[0]?.backends[0]?.port).toBe(8_443);
  expect(hostsFor(describeIt(parts, { imageWords: 'trusted' }), 'everyone')).toEqual(['bank.test']);
  expect(
    hostsFor(
      describeIt(parts, { imageWords: { labels: new Map([['dproxy.host', 'x.test']]), env: new Map() } }),
      'everyone',
    ),
  ).toEqual(['bank.test']);
  expect(hostsFor(describeIt(parts, { imageWords: 'unknown' }), 'everyone')).toEqual([]);
});

test('a redirect needs no port', () => {
  const { definitions } = describeIt({
    tcpPorts: [],
    labelled: { 'dproxy.host': 'old.test', 'dproxy.redirect': 'https://new.test' },
  });
  expect(definitions[0]).toMatchObject({
    hosts: ['old.test'],
    action: { type: 'redirect', status: 302 },
    backends: [],
  });
});

test('the compose project is in the origin', () => {
  const { definitions } = describeIt({ labelled: { 'com.docker.compose.project': 'shop' } });
  expect(definitions[0]?.origin.project).toBe('shop');
});

test('a container on the network of another one has the address of that one', () => {
  const parts = { networkMode: 'container:x', attachments: [] };
  const owner = containerOf({ name: 'vpn' });
  expect(describeIt(parts, { networkOwner: owner }).definitions[0]?.backends[0]).toMatchObject({
    address: '172.17.0.2',
  });
  expect(describeIt(parts).definitions[0]?.backends[0]).toMatchObject({ state: 'unreachable' });
});

test('a hostname without a dot is one more name on this machine', () => {
  expect(hostsFor(describeIt({ hostname: 'api' }), 'local')).toEqual([
    'web.localhost',
    'web.docker.localhost',
    'api.internal',
  ]);
});
