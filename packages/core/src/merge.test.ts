import { describe, expect, it } from 'vitest';
import { ENGINE, inputOf, sampleBackend, sampleContainer, sampleEntry, SETTINGS, sourceOfAll } from './_samples.ts';
import { buildSnapshot, type SnapshotInput, type SnapshotResult } from './merge.ts';
import type { OwnershipLedger } from './ownership.ts';
import { DEFAULT_HTTPS, type RouteDefinition } from './route.ts';

function build(definitions: readonly RouteDefinition[], more: Partial<SnapshotInput> = {}): SnapshotResult {
  return buildSnapshot(inputOf(definitions, more));
}

function backendsOf({ snapshot }: SnapshotResult, id: string): readonly string[] {
  const action = snapshot.routes.get(id)?.action;
  return action?.type === 'forward' ? action.backends.map(({ backendId }) => backendId) : [];
}

function shadowsOf({ shadowed }: SnapshotResult): readonly string[] {
  return shadowed.map(
    ({ host, path, origin, shadowedBy, reason }) => `${host}${path}: ${origin.name} < ${shadowedBy.name} (${reason})`,
  );
}

describe('wake groups', () => {
  const plan = (id: string) => ({
    id,
    keys: [],
    name: id,
    autostart: true,
    timeoutMs: 1_000,
    browsers: 'page' as const,
    theme: '',
    members: [],
    idleMs: 0,
    method: 'stop' as const,
    awake: [],
    busyCpuPercent: 0,
    probePath: '',
    afterManualStop: true,
    showsLog: false,
  });

  it('are told to workers while a route names them, without what is the primary’s alone', () => {
    const said = sourceOfAll([
      sampleContainer('web', ['a.test']),
      sampleContainer('replica', ['a.test'], { wakeGroup: 'shop', sinceMs: 9_999 }),
    ]);
    const { snapshot } = build([], { sources: [{ ...said, wakePlans: [plan('shop'), plan('unused')] }] });
    expect(snapshot.routes.get('a.test/')?.wakeGroup).toBe('shop');
    const { id, name, autostart, timeoutMs, browsers, theme } = plan('shop');
    expect([...snapshot.wakeGroups.values()]).toEqual([{ id, name, autostart, timeoutMs, browsers, theme }]);
  });
});

describe('routes', () => {
  it('come one for each host and path of a definition', () => {
    const { snapshot } = build([sampleContainer('web', ['a.test', '*.a.test', 'a.test'], { path: '/api' })]);
    expect([...snapshot.routes.keys()]).toEqual(['*.a.test/api', 'a.test/api']);
    expect(snapshot.routes.get('a.test/api')).toMatchObject({
      id: 'a.test/api',
      host: 'a.test',
      path: '/api',
      audience: 'everyone',
      fallThrough: true,
      origins: [{ source: ENGINE, name: 'web', line: 0, project: '' }],
    });
    expect([...snapshot.backends.keys()]).toEqual(['docker:web/web:80']);
  });

  it('keep local names apart from the same name asked for by label', () => {
    const result = build([
      sampleContainer('web', ['web.localhost'], { audience: 'local' }),
      sampleContainer('other', ['web.localhost']),
    ]);
    expect([...result.snapshot.routes.keys()]).toEqual(['local:web.localhost/', 'web.localhost/']);
    expect(result.shadowed).toEqual([]);
  });

  it('end the trying of wildcards where the definition or the settings say so', () => {
    const [open, final] = [
      sampleContainer('a', ['*.a.test']),
      sampleContainer('b', ['*.b.test'], { fallThrough: false }),
    ];
    const fallThrough = (more: Partial<SnapshotInput>): (boolean | undefined)[] => {
      const { routes } = build([open, final], more).snapshot;
      return ['*.a.test/', '*.b.test/'].map((id) => routes.get(id)?.fallThrough);
    };
    expect(fallThrough({})).toEqual([true, false]);
    expect(fallThrough({ fallThrough: false })).toEqual([false, false]);
  });

  it('gives routes the wanted HTTPS, as far as they do not say it themselves', () => {
    const https = { redirect: 0, hsts: 'max-age=1', certificate: 'none' } as const;
    const definitions = [
      sampleContainer('a', ['a.test'], { https: {} }),
      sampleContainer('b', ['b.test'], { https: { redirect: 301 } }),
    ];
    const seen = (more: Partial<SnapshotInput>): unknown[] => {
      const { routes } = build(definitions, more).snapshot;
      return ['a.test/', 'b.test/'].map((id) => routes.get(id)?.https);
    };
    expect(seen({})).toEqual([DEFAULT_HTTPS, { ...DEFAULT_HTTPS, redirect: 301 }]);
    expect(seen({ https })).toEqual([https, { ...https, redirect: 301 }]);
  });
});

describe('replicas', () => {
  const replicas = ['one', 'two', 'three'].map((name, index) =>
    sampleContainer(name, ['a.test'], { sinceMs: 30 - index }),
  );

  it('are balanced, the oldest first, whatever order they came in', () => {
    const expected = ['docker:three/web:80', 'docker:two/web:80', 'docker:one/web:80'];
    expect(backendsOf(build(replicas), 'a.test/')).toEqual(expected);
    expect(build(replicas.toReversed()).snapshot).toEqual(build(replicas).snapshot);
  });

  it('follow the settings of the oldest, and the difference is reported', () => {
    const timeouts = { connectMs: 1, responseMs: 2, idleMs: 3 };
    const result = build([
      sampleContainer('old', ['a.test'], { sinceMs: 1 }),
      sampleContainer('new', ['a.test'], { sinceMs: 2, timeouts, plugins: [{ module: 'auth', options: {} }] }),
    ]);
    expect(result.snapshot.routes.get('a.test/')).toMatchObject({ plugins: [], timeouts: { connectMs: 0 } });
    expect(backendsOf(result, 'a.test/')).toHaveLength(2);
    expect(result.rejected).toEqual([
      {
        source: 'docker:new',
        line: 0,
        column: 0,
        message: 'a.test/: timeouts, plugins not as on old, which is older and holds',
        expected: 'the same settings as old on every replica',
      },
    ]);
  });

  it('that do something else than the oldest are reported, too', () => {
    const redirect = { type: 'redirect', status: 301, location: 'https://b.test/' } as const;
    const result = build([
      sampleContainer('old', ['a.test'], { sinceMs: 1, action: redirect, backends: [] }),
      sampleContainer('same', ['a.test'], { sinceMs: 2, action: { ...redirect }, backends: [] }),
      sampleContainer('new', ['a.test'], { sinceMs: 3 }),
    ]);
    expect(result.snapshot.routes.get('a.test/')?.action).toEqual(redirect);
    expect(result.rejected.map(({ message }) => message)).toEqual([
      'a.test/: action not as on old, which is older and holds',
    ]);
  });
});

describe('two sources that claim the same', () => {
  const container = sampleContainer('web', ['a.test', 'b.test'], { sinceMs: 20 });
  const entry = sampleEntry(3, ['a.test'], { sinceMs: 10 });

  it('are settled by age, and the other is shown with both names', () => {
    const result = build([container, entry]);
    expect(backendsOf(result, 'a.test/')).toEqual(['file:http://127.0.0.1:3003']);
    expect(backendsOf(result, 'b.test/')).toEqual(['docker:web/web:80']);
    expect(shadowsOf(result)).toEqual(['a.test/: web < routes[3] (an older definition has this host and path)']);
  });

  it('the other way round, when the container was there first', () => {
    const result = build([{ ...container, sinceMs: 5 }, entry]);
    expect(backendsOf(result, 'a.test/')).toEqual(['docker:web/web:80']);
    expect(shadowsOf(result)).toEqual(['a.test/: routes[3] < web (an older definition has this host and path)']);
  });

  it('do not meet on different paths', () => {
    expect(build([container, { ...entry, path: '/api' }]).shadowed).toEqual([]);
  });

  it('shadow each other between two entries of one file and between two engines', () => {
    expect(shadowsOf(build([entry, sampleEntry(4, ['a.test'], { sinceMs: 11 })]))).toHaveLength(1);
    const remote = sampleContainer('remote', ['a.test'], {
      sinceMs: 21,
      origin: { source: 'docker:tcp://10.0.0.5:2376' },
    });
    expect(shadowsOf(build([container, remote]))).toHaveLength(1);
  });
});

describe('backends that a container may not have', () => {
  const evil = sampleBackend('evil', { address: '::ffff:169.254.169.254' });
  const good = sampleBackend('good');

  it('are left out with their reason, and the definition with the last of them', () => {
    const result = build([
      sampleContainer('mixed', ['a.test'], { backends: [evil, good] }),
      sampleContainer('bad', ['b.test'], { backends: [evil] }),
    ]);
    expect([...result.snapshot.routes.keys()]).toEqual(['a.test/']);
    expect([...result.snapshot.backends.keys()]).toEqual(['good']);
    expect(backendsOf(result, 'a.test/')).toEqual(['good']);
    expect(result.rejected.map(({ source, message }) => `${source} ${message}`)).toEqual([
      'docker:mixed ::ffff:169.254.169.254:80 is refused as a backend: it is link-local, where cloud metadata services are',
      'docker:bad ::ffff:169.254.169.254:80 is refused as a backend: it is link-local, where cloud metadata services are',
    ]);
  });

  it('are for the operator to choose', () => {
    const backends = [sampleBackend('file:http://127.0.0.1:80', { address: '127.0.0.1', containerId: '' })];
    const result = build([sampleEntry(0, ['a.test'], { backends })]);
    expect(result.rejected).toEqual([]);
    expect(result.snapshot.backends.size).toBe(1);
  });
});

it('collects what sources refused', () => {
  const rejection = { source: '/etc/dproxy.yml', line: 3, column: 1, message: 'found x', expected: 'y' };
  const result = build([], {
    sources: [{ source: 'file:/etc/dproxy.yml', definitions: [], rejected: [rejection] }],
  });
  expect(result.rejected).toEqual([rejection]);
});

describe('versions', () => {
  const [one, two] = [sampleContainer('one', ['a.test']), sampleContainer('two', ['b.test'])];

  it('start at 1 and count changes only', () => {
    const first = build([one, two]);
    expect(first).toMatchObject({ changed: true, snapshot: { version: 1 } });
    const same = build(structuredClone([two, one]), { previous: first.snapshot });
    expect(same.changed).toBe(false);
    expect(same.snapshot).toBe(first.snapshot);
    const next = build([one], { previous: first.snapshot });
    expect(next).toMatchObject({ changed: true, snapshot: { version: 2 } });
    expect(next.snapshot.hash).not.toBe(first.snapshot.hash);
    const back = build([one, two], { previous: next.snapshot });
    expect(back.snapshot).toMatchObject({ version: 3, hash: first.snapshot.hash });
  });

  it('share what did not change with the one before', () => {
    const { snapshot: first } = build([one, two]);
    const changed = structuredClone({ ...two, plugins: [{ module: 'auth', options: {} }] });
    const { snapshot: next } = build([structuredClone(one), changed], { previous: first, settings: { ...SETTINGS } });
    expect(next.routes.get('a.test/')).toBe(first.routes.get('a.test/'));
    expect(next.routes.get('b.test/')).not.toBe(first.routes.get('b.test/'));
    expect(next.backends).toBe(first.backends);
    expect(next.settings).toBe(first.settings);
  });

  it('change with the settings, listeners, certificates and pages', () => {
    const { snapshot: previous } = build([one]);
    const changes: Partial<SnapshotInput>[] = [
      { settings: { ...SETTINGS, accessLog: true } },
      { certificates: [{ id: 'f', names: ['a.test'], kind: 'file' }] },
      { pages: [{ id: '503.html', content: 'x' }] },
      { listeners: [{ id: 'http', protocol: 'http', addresses: [], publicPort: 80, proxyProtocol: [] }] },
    ];
    expect(changes.map((change) => build([one], { ...change, previous }).changed)).toEqual([true, true, true, true]);
  });
});

describe('ownership: project', () => {
  const DAY = 24 * 60 * 60 * 1_000;
  const shop = sampleContainer('shop-web', ['a.test'], { sinceMs: 10, origin: { project: 'shop' } });
  const thief = sampleContainer('thief-web', ['a.test', 'b.test'], { sinceMs: 5, origin: { project: 'thief' } });

  it('is off unless asked for: replicas of all projects', () => {
    const result = build([shop, thief]);
    expect(backendsOf(result, 'a.test/')).toHaveLength(2);
    expect(result.ledger.size).toBe(0);
  });

  it('lets the project that has held a host longest keep it, however old the containers of others are', () => {
    const first = build([shop], { ownership: { ledger: new Map(), nowMs: 100 } });
    expect([...first.ledger]).toEqual([['a.test', { project: 'shop', sinceMs: 10, isPresent: true, lastSeenMs: 100 }]]);
    const second = build([thief, shop], { ownership: { ledger: first.ledger, nowMs: 200 } });
    expect(backendsOf(second, 'a.test/')).toEqual(['docker:shop-web/web:80']);
    expect(backendsOf(second, 'b.test/')).toEqual(['docker:thief-web/web:80']);
    expect(shadowsOf(second)).toEqual(['a.test/: thief-web < shop-web (the host belongs to the project shop)']);
  });

  it('gives nobody every host, only what a route of * asks for', () => {
    const any = (definition: RouteDefinition, pattern: string): RouteDefinition => ({
      ...definition,
      hosts: ['*'],
      condition: { type: 'hostPattern', pattern },
    });
    const { ledger } = build([any(shop, '^shop')], { ownership: { ledger: new Map(), nowMs: 100 } });
    const other = build([any(shop, '^shop'), any(thief, '^own')], { ownership: { ledger, nowMs: 200 } });
    expect([shadowsOf(other), other.snapshot.routes.size]).toEqual([[], 2]);
    const same = build([any(shop, '^shop'), any(thief, '^shop')], { ownership: { ledger, nowMs: 200 } });
    expect([...same.snapshot.routes.values()].map(({ origins }) => origins.map(({ name }) => name))).toEqual([
      ['shop-web'],
    ]);
  });

  it('covers every path of the host', () => {
    const { ledger } = build([shop], { ownership: { ledger: new Map(), nowMs: 100 } });
    const result = build([shop, { ...thief, path: '/login' }], { ownership: { ledger, nowMs: 200 } });
    expect(result.snapshot.routes.has('a.test/login')).toBe(false);
  });

  it('holds a host for 24 h after its last container is missed, and no longer', () => {
    const ledgerAfter = (
      definitions: readonly RouteDefinition[],
      ledger: OwnershipLedger,
      nowMs: number,
    ): OwnershipLedger => build(definitions, { ownership: { ledger, nowMs } }).ledger;
    const held = ledgerAfter([shop], new Map(), 0);
    // Days may pass without an event.
    const removed = build([thief], { ownership: { ledger: held, nowMs: 9 * DAY } });
    expect(shadowsOf(removed)).toEqual(['a.test/: thief-web < shop (the host belongs to the project shop)']);
    const last = build([thief], { ownership: { ledger: removed.ledger, nowMs: 10 * DAY - 1 } });
    expect(last.snapshot.routes.has('a.test/')).toBe(false);
    const after = build([thief], { ownership: { ledger: last.ledger, nowMs: 10 * DAY } });
    expect(backendsOf(after, 'a.test/')).toEqual(['docker:thief-web/web:80']);
    expect(after.ledger.get('a.test')).toEqual({ project: 'thief', sinceMs: 5, isPresent: true, lastSeenMs: 10 * DAY });
    expect(ledgerAfter([], ledgerAfter([], held, 9 * DAY), 10 * DAY).size).toBe(0);
  });

  it('starts anew when a container of the owner comes back', () => {
    const ledgers = [[shop], [], [shop], []].reduce<OwnershipLedger>(
      (ledger, definitions, index) => build(definitions, { ownership: { ledger, nowMs: index * (DAY - 1) } }).ledger,
      new Map(),
    );
    expect(ledgers.get('a.test')).toMatchObject({ project: 'shop', isPresent: false, lastSeenMs: 3 * (DAY - 1) });
  });

  it('gives the same ledger back when nothing changed, so that it need not be written', () => {
    const { ledger } = build([shop, thief], { ownership: { ledger: new Map(), nowMs: 0 } });
    expect(build([thief, shop], { ownership: { ledger, nowMs: 5 } }).ledger).toBe(ledger);
  });

  it('survives days in which dproxy was off, when the containers are still there', () => {
    const { ledger } = build([shop], { ownership: { ledger: new Map(), nowMs: 0 } });
    const result = build([shop, thief], { ownership: { ledger, nowMs: 9 * DAY } });
    expect(backendsOf(result, 'a.test/')).toEqual(['docker:shop-web/web:80']);
  });

  it('takes a container without a project for a project of its own', () => {
    const [mine, yours] = ['mine', 'yours'].map((name, index) => sampleContainer(name, ['a.test'], { sinceMs: index }));
    const result = build(
      [mine, yours].flatMap((each) => each ?? []),
      { ownership: { ledger: new Map(), nowMs: 100 } },
    );
    expect(shadowsOf(result)).toEqual(['a.test/: yours < mine (the host belongs to the project container:mine)']);
  });

  it('leaves local names and the operator alone', () => {
    const local = sampleContainer('web', ['web.localhost'], { audience: 'local' });
    const entry = sampleEntry(0, ['a.test'], { sinceMs: 1 });
    const result = build([local, entry, shop], { ownership: { ledger: new Map(), nowMs: 100 } });
    expect(backendsOf(result, 'a.test/')).toEqual(['file:http://127.0.0.1:3000']);
    expect([...result.ledger.keys()]).toEqual(['a.test']);
  });

  it('treats hosts that are named like parts of every object like all others', () => {
    const odd = sampleContainer('odd', ['__proto__'], { origin: { project: 'constructor' } });
    const { ledger } = build([odd], { ownership: { ledger: new Map(), nowMs: 100 } });
    expect(new Map(JSON.parse(JSON.stringify([...ledger])) as [string, unknown][])).toEqual(ledger);
    expect(ledger.get('__proto__')?.project).toBe('constructor');
  });
});

it('is the same for any order of sources', () => {
  const sources = [
    sourceOfAll([sampleContainer('web', ['a.test'])]),
    sourceOfAll([sampleEntry(0, ['a.test', 'b.test'])], 'file:/etc/dproxy.yml'),
    sourceOfAll([sampleContainer('far', ['b.test'], { origin: { source: 'docker:tcp://far' } })], 'docker:tcp://far'),
  ];
  expect(build([], { sources: sources.toReversed() }).snapshot).toEqual(build([], { sources }).snapshot);
});
