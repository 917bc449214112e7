import { expect, test } from 'vitest';
import type { EngineEndpoint } from '@dproxy/core';
import { containerOf } from './_container-of.ts';
import { EngineMirror } from './engine-mirror.ts';
import { NO_WORDS } from './image-words.ts';
import type { DiscoverySettings } from './settings.ts';

const ENDPOINT: EngineEndpoint = { name: 'unix:///x.sock', socketPath: '/x.sock', host: '', port: 0, tls: null };
const BRIDGE = { id: 'n-bridge', name: 'bridge', driver: 'bridge' };
const OWN_ID = 'd'.repeat(64);

function mirrorOf(settings: Partial<DiscoverySettings> = {}): EngineMirror {
  const mirror = new EngineMirror(ENDPOINT, {
    trustImages: false,
    exposedByDefault: true,
    dialects: {},
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
    ...settings,
  });
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
