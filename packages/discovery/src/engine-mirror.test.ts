import { describe, expect, test } from 'vitest';
import type { EngineEndpoint } from '@dproxy/core';
import { containerOf } from './_container-of.ts';
import type { Dialect, DialectReading } from './dialects/dialect.ts';
import { native } from './dialects/native.ts';
import { offersNamed } from './dialects/offers.ts';
import { PLAIN_SERVICE } from './dialects/plain-service.ts';
import type { DieEvent, KillEvent } from './engine-events.ts';
import { EngineMirror } from './engine-mirror.ts';
import { NO_WORDS } from './image-words.ts';
import type { DiscoverySettings } from './settings.ts';

const ENDPOINT: EngineEndpoint = { name: 'unix:///x.sock', socketPath: '/x.sock', host: '', port: 0, tls: null };
const BRIDGE = { id: 'n-bridge', name: 'bridge', driver: 'bridge' };
const OWN_ID = 'd'.repeat(64);
const NOTHING_READ: DialectReading = {
  enable: undefined,
  network: undefined,
  services: [],
  streams: [],
  isSilent: false,
  problems: [],
};

function mirrorOf(settings: Partial<DiscoverySettings> = {}, dialects?: readonly Dialect[]): EngineMirror {
  const all: DiscoverySettings = {
    trustImages: false,
    exposedByDefault: true,
    dialects: {},
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
    ...settings,
  };
  const mirror = new EngineMirror(ENDPOINT, all, dialects);
  mirror.setNetworks([BRIDGE]);
  return mirror;
}

const states = (mirror: EngineMirror) =>
  Object.fromEntries(mirror.state().definitions.map(({ origin, backends }) => [origin.name, backends[0]?.state]));

test('the same container put twice is no change, another state is one', () => {
  const mirror = mirrorOf();
  mirror.put(containerOf());
  const { revision } = mirror;
  const before = mirror.state().definitions[0];
  mirror.put(containerOf());
  expect(mirror.revision).toBe(revision);
  expect(mirror.state().definitions[0]).toBe(before);
  mirror.put(containerOf({ state: 'paused' }));
  expect(mirror.revision).toBeGreaterThan(revision);
});

test('definitions come by age, whatever the order of the events', () => {
  const mirror = mirrorOf();
  mirror.put(containerOf({ id: 'b'.repeat(64), name: 'young', createdMs: 2 }));
  mirror.put(containerOf({ id: 'a'.repeat(64), name: 'old', createdMs: 1 }));
  expect(mirror.state().definitions.map(({ origin }) => origin.name)).toEqual(['old', 'young']);
});

test('a network that turns out to be no bridge makes what is on it unreachable', () => {
  const mirror = mirrorOf();
  mirror.put(containerOf());
  expect(states(mirror)).toEqual({ web: 'ready' });
  mirror.setNetworks([{ ...BRIDGE, driver: 'macvlan' }]);
  expect(states(mirror)).toEqual({ web: 'unreachable' });
});

test('when its own container moves, all others are described again', () => {
  const mirror = mirrorOf({ ownContainerId: OWN_ID.slice(0, 12) });
  mirror.put(containerOf());
  const own = containerOf({ id: OWN_ID, name: 'dproxy', attachments: [] });
  mirror.put(own);
  expect(states(mirror)).toEqual({ web: 'unreachable' });
  mirror.put({ ...own, attachments: containerOf().attachments });
  expect(states(mirror)).toEqual({ web: 'ready' });
  expect(mirror.views().find(({ name }) => name === 'dproxy')?.reason).toBe('dproxy itself runs in it');
  mirror.remove(OWN_ID);
  expect(states(mirror)).toEqual({ web: 'ready' });
});

test('a container follows the one whose network it uses', () => {
  const mirror = mirrorOf();
  const owner = containerOf({ id: 'c'.repeat(64), name: 'vpn' });
  mirror.put(containerOf({ networkMode: `container:${owner.id}`, attachments: [] }));
  expect(states(mirror)).toMatchObject({ web: 'unreachable' });
  mirror.put(owner);
  expect(states(mirror)).toMatchObject({ web: 'ready' });
  mirror.remove(owner.id);
  expect(states(mirror)).toMatchObject({ web: 'unreachable' });
});

test('an unreadable container is listed, keeps its last good routes, and is forgotten when it can be read', () => {
  const mirror = mirrorOf();
  const container = containerOf();
  mirror.put(container);
  mirror.reject(container.id, 'State: expected an object, found null');
  const { revision } = mirror;
  mirror.reject(container.id, 'State: expected an object, found null');
  expect(mirror.revision).toBe(revision);
  expect(mirror.state().rejected).toMatchObject([
    { source: 'docker:web', message: 'State: expected an object, found null' },
  ]);
  expect(states(mirror)).toEqual({ web: 'ready' });
  mirror.put(container);
  expect(mirror.state().rejected).toEqual([]);
});

test('labels of an image are asked for once per image, and only where a container claims something public', () => {
  const mirror = mirrorOf();
  const claiming = containerOf({ labelled: { 'dproxy.host': 'a.test' } });
  expect(mirror.needsImage(containerOf())).toBe(false);
  expect(mirror.needsImage(claiming)).toBe(true);
  mirror.setImageWords(claiming.imageId, NO_WORDS);
  mirror.put(claiming);
  expect(mirror.needsImage(claiming)).toBe(false);
  mirror.remove(claiming.id);
  expect(mirror.needsImage(claiming)).toBe(true);
  expect(mirrorOf({ trustImages: true }).needsImage(claiming)).toBe(false);
});

/** A language in which `x.offer` lets others use something, and `x.use` does. */
function dialectOfUsers(counts: Map<string, number>, asksOffersByName: boolean): Dialect {
  return {
    name: 'x',
    read: ({ container: { name }, labels, offers }) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const wanted = labels.get('x.use');
      const found = wanted === undefined ? [] : offersNamed(offers, 'host', wanted);
      const hosts = found.map(({ value }) => String(value));
      const services = hosts.length === 0 ? [] : [{ ...PLAIN_SERVICE, hosts }];
      return { ...NOTHING_READ, services };
    },
    offers: ({ container: { name: from }, labels }) => {
      const [name, value] = labels.get('x.offer')?.split('=') ?? [];
      return name === undefined ? [] : [{ kind: 'host', name, value, from }];
    },
    ...(asksOffersByName ? { asksOffersByName } : {}),
    isOwnWord: (kind, word) => kind === 'label' && word.startsWith('x.'),
    isPublicClaim: () => false,
  };
}

const idOf = (digit: string): string => digit.repeat(64);
const publicHosts = (mirror: EngineMirror) =>
  Object.fromEntries(
    mirror
      .state()
      .definitions.filter(({ audience }) => audience === 'everyone')
      .map(({ origin, hosts }) => [origin.name, hosts]),
  );

test('what one container offers, others use, whoever comes first; it goes with its container', () => {
  const mirror = mirrorOf({}, [dialectOfUsers(new Map(), true)]);
  mirror.put(containerOf({ id: idOf('1'), name: 'user', labelled: { 'x.use': 'a' } }));
  expect(publicHosts(mirror)).toEqual({});
  mirror.put(containerOf({ id: idOf('3'), name: 'late', createdMs: 3, labelled: { 'x.offer': 'a=late.test' } }));
  expect(publicHosts(mirror)).toEqual({ user: ['late.test'] });
  mirror.put(containerOf({ id: idOf('2'), name: 'early', createdMs: 2, labelled: { 'x.offer': 'a=early.test' } }));
  expect(publicHosts(mirror)).toEqual({ user: ['early.test', 'late.test'] });
  mirror.remove(idOf('2'));
  mirror.remove(idOf('3'));
  expect(publicHosts(mirror)).toEqual({});
});

test('a container that is hidden offers nothing', () => {
  const mirror = mirrorOf({}, [native, dialectOfUsers(new Map(), true)]);
  mirror.put(containerOf({ id: idOf('1'), name: 'user', labelled: { 'x.use': 'a' } }));
  const labelled = { 'x.offer': 'a=a.test', 'dproxy.enable': 'false' };
  mirror.put(containerOf({ id: idOf('2'), name: 'hidden', labelled }));
  expect(publicHosts(mirror)).toEqual({});
});

test.each([
  [true, { asks: 2, others: 1, plain: undefined, offers: 2 }],
  [false, { asks: 2, others: 2, plain: undefined, offers: 2 }],
])('when an offer changes, only those are read again that may use it (by name: %s)', (isByName, expected) => {
  const counts = new Map<string, number>();
  const mirror = mirrorOf({}, [dialectOfUsers(counts, isByName)]);
  const offering = containerOf({ id: idOf('1'), name: 'offers', labelled: { 'x.offer': 'a=one.test' } });
  mirror.put(offering);
  mirror.put(containerOf({ id: idOf('2'), name: 'asks', labelled: { 'x.use': 'a' } }));
  mirror.put(containerOf({ id: idOf('3'), name: 'others', labelled: { 'x.use': 'b' } }));
  mirror.put(containerOf({ id: idOf('4'), name: 'plain' }));
  mirror.state();
  mirror.put({ ...offering, labels: new Map([['x.offer', 'a=two.test']]) });
  expect(publicHosts(mirror)).toEqual({ asks: ['two.test'] });
  expect({ ...Object.fromEntries(counts), plain: counts.get('plain') }).toEqual(expected);
});

test('a change of one container reads no other one again', () => {
  const counts = new Map<string, number>();
  const mirror = mirrorOf({}, [dialectOfUsers(counts, false)]);
  const offering = containerOf({ id: idOf('1'), name: 'offers', labelled: { 'x.offer': 'a=one.test' } });
  mirror.put(offering);
  mirror.put(containerOf({ id: idOf('2'), name: 'asks', labelled: { 'x.use': 'a' } }));
  mirror.state();
  mirror.put({ ...offering, state: 'paused' });
  mirror.state();
  expect(Object.fromEntries(counts)).toEqual({ offers: 2, asks: 1 });
});

test('filters may name the services of other containers; a name that nobody has is told', () => {
  const pages = { type: 'errorPages' as const, statuses: [[500, 599]] as const, path: '/' };
  const mirrored = (name: string) => ({ ...pages, backends: [{ backendId: name, weight: 1 }] });
  const dialect: Dialect = {
    ...dialectOfUsers(new Map(), true),
    read: ({ labels }) => {
      const name = labels.get('x.service') ?? '';
      const filters = [...(labels.get('x.pages')?.split(',') ?? [])].map(mirrored);
      const service = { ...PLAIN_SERVICE, service: name, backend: name, filters };
      return { ...NOTHING_READ, services: [{ ...service, hosts: name === 'errors' ? [] : ['a.test'] }] };
    },
  };
  const mirror = mirrorOf({}, [dialect]);
  mirror.put(containerOf({ id: idOf('1'), name: 'web', labelled: { 'x.service': 'web', 'x.pages': 'errors,none' } }));
  mirror.put(containerOf({ id: idOf('2'), name: 'errors', labelled: { 'x.service': 'errors' } }));
  const { definitions, rejected } = mirror.state();
  const web = definitions.find(({ audience }) => audience === 'everyone');
  expect(web?.filters).toEqual([
    { ...pages, backends: [{ backendId: `docker:${idOf('2').slice(0, 12)}/errors:80`, weight: 1 }] },
  ]);
  expect(web?.backends.map(({ name }) => name)).toEqual(['web', 'errors']);
  expect(rejected).toMatchObject([
    { source: 'docker:web', message: 'a filter names the service none, which no container has' },
  ]);
  const { revision } = mirror;
  mirror.put(containerOf({ id: idOf('2'), name: 'errors', state: 'paused', labelled: { 'x.service': 'errors' } }));
  expect(mirror.revision).toBeGreaterThan(revision);
  const paused = mirror.state().definitions.find(({ audience }) => audience === 'everyone');
  expect(paused?.backends.map(({ state }) => state)).toEqual(['ready', 'paused']);
});

describe('a container that was told to end', () => {
  const kill = (signal = 15, atMs = 3_000, id = containerOf().id): KillEvent => ({ type: 'killed', id, signal, atMs });
  const backendIn = (mirror: EngineMirror) => mirror.state().definitions[0]?.backends[0];

  test('drains at once, at the same address, and says so', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf());
    const before = backendIn(mirror);
    const { revision } = mirror;
    expect(mirror.drain(kill())).toBe(11_000);
    expect(mirror.revision).toBeGreaterThan(revision);
    const reason = 'it was told to end, and takes no new requests, unless it still runs 11 s later';
    expect(backendIn(mirror)).toEqual({ ...before, state: 'draining', reason });
    expect(mirror.views()[0]).toMatchObject({ state: 'running', backends: [{ state: 'draining' }], reason });
  });

  test.each([
    [{ stopSignal: 15 }, 15, 'draining'],
    [{ stopSignal: 15 }, 9, 'draining'],
    [{ stopSignal: 15 }, 1, 'ready'],
    [{ stopSignal: 3 }, 3, 'draining'],
    [{ stopSignal: 3 }, 9, 'draining'],
    [{ stopSignal: 3 }, 15, 'ready'],
    [{ state: 'paused' }, 9, 'paused'],
    [{ health: 'unhealthy' }, 15, 'unhealthy'],
    [{ health: 'healthy' }, 15, 'draining'],
  ] as const)('of %j, by signal %i, is %s', (parts, signal, state) => {
    const mirror = mirrorOf();
    mirror.put(containerOf(parts));
    mirror.drain(kill(signal));
    expect(backendIn(mirror)?.state).toBe(state);
  });

  test('drains by any signal when it has a label that hides them, and by none that is not told otherwise', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf());
    expect(mirror.drain(kill(0))).toBeUndefined();
    for (const signal of [0, 1, 15]) {
      mirror.put(containerOf({ labelled: { signal: 'SIGHUP' }, startedMs: 2_000 }));
      expect(mirror.drain(kill(signal, 3_000 + signal))).toBe(11_000);
      expect(backendIn(mirror)?.state).toBe('draining');
      mirror.endDrain(kill(signal, 3_000 + signal));
    }
  });

  test('is ready again once it is started again, and stopped in between', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf());
    mirror.drain(kill());
    // A look that was under way.
    mirror.put(containerOf());
    expect(backendIn(mirror)?.state).toBe('draining');
    mirror.put(containerOf({ state: 'exited' }));
    expect(backendIn(mirror)?.state).toBe('stopped');
    mirror.put(containerOf({ startedMs: 3_001 }));
    expect(backendIn(mirror)?.state).toBe('ready');
  });

  test('is ready again when it outlives its stop time-out, which the last signal began', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf({ stopTimeoutMs: 60_000 }));
    expect(mirror.drain(kill(15, 3_000))).toBe(61_000);
    mirror.drain(kill(9, 4_000));
    expect(mirror.endDrain(kill(15, 3_000))).toBe(false);
    expect(backendIn(mirror)?.state).toBe('draining');
    expect(mirror.endDrain(kill(9, 4_000))).toBe(true);
    expect(backendIn(mirror)).toMatchObject({ state: 'ready', reason: '' });
  });

  test('does not drain because of a signal from before its start, as events are told again after a reconnect', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf({ startedMs: 5_000 }));
    expect(mirror.drain(kill(15, 4_999))).toBeUndefined();
    expect(backendIn(mirror)?.state).toBe('ready');
  });

  test('says nothing of a time that has no end, and is no other one', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf({ stopTimeoutMs: Number.POSITIVE_INFINITY }));
    expect(mirror.drain(kill(15, 3_000, 'f'.repeat(64)))).toBeUndefined();
    expect(mirror.drain(kill())).toBe(Number.POSITIVE_INFINITY);
    expect(backendIn(mirror)?.reason).toBe('it was told to end, and takes no new requests');
    mirror.remove(containerOf().id);
    mirror.put(containerOf());
    expect(backendIn(mirror)?.state).toBe('ready');
  });
});

describe('a container whose program has ended', () => {
  const die = (atMs = 3_000, id = containerOf().id): DieEvent => ({ type: 'died', id, atMs });
  const stateIn = (mirror: EngineMirror) => mirror.state().definitions[0]?.backends[0]?.state;

  test('is stopped before anybody has looked at it, and whatever a look that was under way finds', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf());
    const { revision } = mirror;
    expect(mirror.die(die())).toBe(true);
    expect(mirror.revision).toBeGreaterThan(revision);
    expect([stateIn(mirror), mirror.views()[0]?.state]).toEqual(['stopped', 'exited']);
    mirror.put(containerOf(), true);
    expect(stateIn(mirror)).toBe('stopped');
    mirror.put(containerOf({ startedMs: 3_001 }));
    expect(stateIn(mirror)).toBe('ready');
  });

  test('is what the next look finds, also where the clock of the engine has gone back', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf({ startedMs: 2_000 }));
    mirror.die(die());
    mirror.put(containerOf({ startedMs: 1_000 }));
    expect(stateIn(mirror)).toBe('ready');
  });

  test('has not ended by what was before its start, nor by what befell another one', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf({ startedMs: 5_000 }));
    expect(mirror.die(die(4_999))).toBe(false);
    expect(mirror.die(die(6_000, 'f'.repeat(64)))).toBe(false);
    expect(stateIn(mirror)).toBe('ready');
  });

  test('is another one when it was removed meanwhile', () => {
    const mirror = mirrorOf();
    mirror.put(containerOf());
    mirror.die(die());
    mirror.remove(containerOf().id);
    mirror.put(containerOf(), true);
    expect(stateIn(mirror)).toBe('ready');
  });
});
