import { DEFAULT_WAKE } from '@dproxy/config';
import type { SourceState } from '@dproxy/core';
import { describe, expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import type { Container } from './container.ts';
import { EngineMirror } from './engine-mirror.ts';
import type { DiscoverySettings } from './settings.ts';

const ENDPOINT = { name: 'e', socketPath: '/run/docker.sock', host: '', port: 0, tls: null };
const SHOP = 'docker:e/project:shop';
const OWN_ID = 'd'.repeat(64);

function mirrorOf(settings: Partial<DiscoverySettings> = {}): EngineMirror {
  const mirror = new EngineMirror(ENDPOINT, {
    trustImages: false,
    exposedByDefault: true,
    dialects: {},
    listeners: ['http', 'https'],
    ownContainerId: OWN_ID,
    hostReachesBridges: true,
    ...settings,
  });
  mirror.setNetworks([{ id: 'n-bridge', name: 'bridge', driver: 'bridge' }]);
  return mirror;
}

type Parts = Parameters<typeof containerOf>[0] & { readonly project?: string };

const IDS: Readonly<Record<string, string>> = { web: 'a'.repeat(64), db: 'b'.repeat(64), other: 'c'.repeat(64) };

function named(name: string, { project = 'shop', labelled = {}, ...parts }: Parts = {}): Container {
  const labels = { 'com.docker.compose.project': project, ...labelled };
  return containerOf({ id: IDS[name] ?? OWN_ID, name, labelled: labels, ...parts });
}

const web = (parts: Parts = {}) =>
  named('web', { labelled: { 'dproxy.host': 'a.test', 'dproxy.wake': 'true' }, ...parts });
const db = (parts: Parts = {}) => named('db', { tcpPorts: [5432], createdMs: 500, ...parts });

function woken({ definitions, streams = [] }: SourceState): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...definitions, ...streams].map(({ id, wakeGroup }) => [id.slice(13), wakeGroup]));
}

const membersOf = (mirror: EngineMirror) =>
  mirror.state().wakePlans?.map(({ members }) => members.map(({ name }) => name));

describe('what an engine publishes of containers that sleep', () => {
  test('the group, and for each route what it wakes', () => {
    const mirror = mirrorOf();
    mirror.put(web());
    mirror.put(db());
    mirror.put(named('other', { project: 'blog', labelled: { 'dproxy.host': 'b.test' } }));
    const state = mirror.state();
    expect(state.wakePlans).toMatchObject([{ id: SHOP, name: 'shop', members: [{ name: 'db' }, { name: 'web' }] }]);
    const groups = state.definitions.map(({ origin, wakeGroup }) => [origin.name, wakeGroup]);
    expect(groups).toEqual([
      ['web', SHOP],
      ['web', SHOP],
      ['other', undefined],
      ['other', undefined],
    ]);
    expect(mirror.views().map(({ name, wakeGroup }) => [name, wakeGroup])).toEqual([
      ['db', SHOP],
      ['web', SHOP],
      ['other', undefined],
    ]);
  });

  test('that a container sleeps, unless there is more to say of it', () => {
    const mirror = mirrorOf();
    mirror.put(web({ state: 'exited' }));
    mirror.put(db({ state: 'exited', tcpPorts: [5432] }));
    expect(mirror.views().map(({ name, reason }) => [name, reason])).toEqual([
      ['db', expect.stringMatching(/^its only TCP port is 5432/)],
      ['web', 'it sleeps, see /wake: a request wakes it, or docker start web'],
    ]);
  });

  test('nothing, where nobody asked for it', () => {
    const mirror = mirrorOf();
    mirror.put(web({ labelled: { 'dproxy.host': 'a.test' } }));
    expect(mirror.state()).not.toHaveProperty('wakePlans');
    expect(mirror.state().definitions[0]).not.toHaveProperty('wakeGroup');
  });

  test('streams wake, too; a route that answers by itself does not', () => {
    const mirror = mirrorOf({ exposedByDefault: false });
    mirror.put(
      web({
        labelled: {
          'dproxy.wake': 'true',
          'dproxy.tcp': '5432',
          'dproxy.old.host': 'o.test',
          'dproxy.old.redirect': 'https://n.test',
        },
      }),
    );
    expect(woken(mirror.state())).toEqual({ 'main/tcp': SHOP, old: undefined });
  });

  test('a member that stops changes the plan, even when nothing else changes', () => {
    const mirror = mirrorOf();
    mirror.put(web());
    mirror.put(db());
    const { revision } = mirror;
    const { definitions, wakePlans } = mirror.state();
    mirror.put(web());
    expect(mirror.revision).toBe(revision);
    expect(mirror.state().wakePlans).toBe(wakePlans);
    expect(mirror.state().definitions[0]).toBe(definitions[0]);
    mirror.put(db({ startedMs: 9_000 }));
    expect(mirror.revision).toBeGreaterThan(revision);
    expect(mirror.state().wakePlans?.[0]?.members[0]).toMatchObject({ name: 'db', startedMs: 9_000 });
    mirror.put(db({ state: 'exited', exitCode: 137 }));
    expect(mirror.state().wakePlans?.[0]?.members[0]).toMatchObject({ state: 'stopped', exitCode: 137 });
  });

  test('the group ends with the container that asked for it', () => {
    const mirror = mirrorOf();
    mirror.put(web());
    mirror.put(db());
    mirror.remove(IDS['web'] ?? '');
    expect(mirror.state()).not.toHaveProperty('wakePlans');
    mirror.put(web());
    expect(membersOf(mirror)).toEqual([['db', 'web']]);
    mirror.remove(IDS['db'] ?? '');
    expect(membersOf(mirror)).toEqual([['web']]);
  });

  test('dproxy does not put itself to sleep', () => {
    const mirror = mirrorOf();
    mirror.put(web());
    mirror.put(named('dproxy', { id: OWN_ID, labelled: { 'dproxy.wake': 'true' } }));
    expect(membersOf(mirror)).toEqual([['web']]);
  });

  test('a container that is hidden sleeps with its project', () => {
    const mirror = mirrorOf();
    mirror.put(web());
    mirror.put(db({ labelled: { 'dproxy.enable': 'false' } }));
    expect(membersOf(mirror)).toEqual([['db', 'web']]);
    mirror.put(db({ labelled: { 'dproxy.enable': 'false', 'dproxy.wake': 'false' } }));
    expect(membersOf(mirror)).toEqual([['web']]);
  });

  test('what an image says of it does not count, unless images are trusted', () => {
    const labelled = { 'dproxy.wake.group': 'shop', 'sablier.enable': 'true', 'sablier.group': 'shop' };
    const words = { labels: new Map(Object.entries(labelled)), env: new Map() };
    const mirror = mirrorOf();
    const container = web({ labelled });
    expect(mirror.needsImage(container)).toBe(true);
    mirror.setImageWords(container.imageId, words);
    mirror.put(container);
    const { wakePlans, rejected } = mirror.state();
    expect(wakePlans).toBeUndefined();
    expect(rejected.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('dproxy.wake.group does not count: it is baked into the image'),
    );
    const trusting = mirrorOf({ trustImages: true });
    trusting.put(container);
    expect(trusting.state().wakePlans).toHaveLength(1);
  });

  test('settings of dproxy.yml hold for groups that say nothing', () => {
    const wake = { idleMs: 60_000, method: 'pause' as const };
    const defaults = mirrorOf().state();
    expect(defaults.wakePlans).toBeUndefined();
    const mirror = mirrorOf({ wake: { ...DEFAULT_WAKE, ...wake } });
    mirror.put(web());
    expect(mirror.state().wakePlans).toMatchObject([wake]);
  });

  test('Lazytainer says on its own container how the group sleeps, also later', () => {
    const mirror = mirrorOf();
    mirror.put(web({ labelled: { 'lazytainer.group': 'games' } }));
    expect(mirror.state().wakePlans).toMatchObject([{ id: 'docker:e/group:games', idleMs: 0, method: 'stop' }]);
    mirror.put(
      named('other', {
        labelled: { 'lazytainer.group.games.inactiveTimeout': '60', 'lazytainer.group.games.ports': '1' },
      }),
    );
    expect(mirror.state().wakePlans).toMatchObject([{ idleMs: 60_000, members: [{ name: 'web' }] }]);
  });
});

/** The labels and variables of each language. */
const SPOKEN: readonly (readonly [string, Parts])[] = [
  ['nothing', {}],
  ['native', { labelled: { 'dproxy.host': 'a.test', 'dproxy.port': '8080', 'dproxy.db.tcp': '5432' } }],
  ['a network', { labelled: { 'dproxy.host': 'a.test', 'dproxy.network': 'bridge' } }],
  ['nginx-proxy', { variables: { VIRTUAL_HOST: 'a.test', VIRTUAL_PATH: '/api/', VIRTUAL_DEST: '/' } }],
  ['nginx-proxy, ports', { variables: { VIRTUAL_HOST_MULTIPORTS: '{"a.test": {"/": {"port": 8080}}}' } }],
  ['Traefik', { labelled: { 'traefik.http.routers.r.rule': 'Host(`a.test`) && PathPrefix(`/x`)' } }],
  [
    'Traefik, TCP',
    {
      labelled: {
        'traefik.tcp.routers.r.rule': 'HostSNI(`a.test`)',
        'traefik.tcp.routers.r.tls.passthrough': 'true',
        'traefik.tcp.routers.r.entrypoints': 'websecure',
      },
    },
  ],
  ['Caddy', { labelled: { caddy: 'a.test', 'caddy.reverse_proxy': '{{upstreams 80}}' } }],
  ['Docksal', { labelled: { 'io.docksal.virtual-host': 'a.test,*.a.test' } }],
  ['RPROXY', { variables: { RPROXY: 'http://a.test:80/new' } }],
  ['a host name', { hostname: 'a.test' }],
];

/** As an engine tells of it: no address, nothing published. */
const ASLEEP: readonly (readonly [string, Partial<Container>])[] = [
  [
    'stopped',
    { state: 'exited', attachments: [{ network: 'bridge', networkId: 'n-bridge', address: '', gateway: '' }] },
  ],
  ['created, its networks gone', { state: 'created', attachments: [], startedMs: 0 }],
  ['paused', { state: 'paused' }],
];

/** All but where the backends are, and in which state. */
function declared({ definitions, streams = [], rejected }: SourceState): unknown {
  const strip = (backends: readonly { readonly id: string }[]) => backends.map(({ id }) => id);
  return {
    rejected,
    definitions: definitions.map((each) => ({ ...each, health: undefined, backends: strip(each.backends) })),
    streams: streams.map((each) => ({ ...each, health: undefined, backends: strip(each.backends) })),
  };
}

describe.each(SPOKEN)('a container that says %s', (_, said) => {
  test.each(ASLEEP)('declares the same while it is %s', (__, asleep) => {
    const labelled = { ...said.labelled, 'dproxy.wake': 'true' };
    const running = mirrorOf();
    running.put(
      named('web', { ...said, labelled, published: new Map([[80, [{ address: '0.0.0.0', port: 32_768 }]]]) }),
    );
    const sleeping = mirrorOf();
    sleeping.put(named('web', { ...said, labelled, ...asleep }));
    expect(declared(running.state())).not.toMatchObject({ definitions: [], streams: [] });
    expect(declared(sleeping.state())).toEqual(declared(running.state()));
  });
});
