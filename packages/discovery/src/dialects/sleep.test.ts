import { describe, expect, test } from 'vitest';
import { inputOf } from './_input-of.ts';
import type { Offer } from './dialect.ts';
import { lazytainer, sablier } from './sleep.ts';

describe('Sablier', () => {
  const read = (labelled: Readonly<Record<string, string>>) => sablier.read(inputOf({ labelled }));

  test('only "true" enables, groups are a list, and without one a container is alone', () => {
    expect(read({ 'sablier.enable': 'true', 'sablier.group': 'a, b,a', 'sablier.ready-after': '1m30s' })).toMatchObject(
      {
        problems: [],
        wake: { scope: 'groups', groups: ['a', 'b'], readyAfterMs: 90_000, options: {} },
      },
    );
    expect(read({ 'sablier.enable': 'true' }).wake).toMatchObject({ scope: 'alone', groups: [] });
    expect(read({ 'sablier.enable': 'yes', 'sablier.group': 'a' }).wake).toBeUndefined();
    expect(read({ 'sablier.group': 'a' }).wake).toBeUndefined();
  });

  test('running hours keep it awake, on all days or on some', () => {
    const hours = { 'sablier.enable': 'true', 'sablier.running-hours': '22:00-06:00' };
    expect(read(hours).wake?.options).toEqual({ awake: [{ days: [0, 1, 2, 3, 4, 5, 6], from: 1_320, to: 360 }] });
    expect(read({ ...hours, 'sablier.running-days': 'Mon,Tue' }).wake?.options).toEqual({
      awake: [{ days: [1, 2], from: 1_320, to: 360 }],
    });
    expect(read({ 'sablier.enable': 'true', 'sablier.running-days': 'Mon' }).wake?.options).toEqual({});
  });

  test.each([
    [{ 'sablier.ready-after': 'soon' }, 'sablier.ready-after=soon cannot be used'],
    [{ 'sablier.running-hours': '9-17' }, 'sablier.running-hours=9-17 cannot be used'],
    [
      { 'sablier.running-hours': '09:00-17:00', 'sablier.running-days': 'Someday' },
      'sablier.running-hours=09:00-17:00 with sablier.running-days=Someday cannot be used',
    ],
    [{ 'sablier.running-hours': '09:00-12:00 13:00-17:00' }, 'sablier.running-hours=09:00-12:00 13:00-17:00 cannot'],
    [{ 'sablier.group': 'a b' }, 'sablier.group=a b cannot be used'],
    [{ 'sablier.group': Array.from({ length: 17 }, (_, index) => `g${index}`).join() }, 'sablier.group='],
  ])('%o is told, and the container is left alone', (labels, message) => {
    const reading = read({ 'sablier.enable': 'true', ...labels });
    expect(reading.wake).toBeUndefined();
    expect(reading.problems).toMatchObject([{ message: expect.stringContaining(message) }]);
  });

  test('what is neither a stop nor a pause is told, and the container sleeps all the same', () => {
    const reading = read({ 'sablier.enable': 'true', 'sablier.idle.replicas': '1', 'sablier.idle.cpu': '0.1' });
    expect(reading.wake).toBeDefined();
    expect(reading.problems).toMatchObject([{ message: expect.stringContaining('sablier.idle.cpu and 1 more') }]);
    expect(read({ 'sablier.idle.replicas': '1' }).problems).toEqual([]);
  });
});

describe('Lazytainer', () => {
  const own = {
    'lazytainer.group.games.ports': '25565',
    'lazytainer.group.games.inactiveTimeout': '120',
    'lazytainer.group.games.sleepMethod': 'pause',
    'lazytainer.group.web.ports': '80',
    'lazytainer.group.bad.inactiveTimeout': 'long',
  };
  const offered = (labelled: Readonly<Record<string, string>>, name = 'lazytainer'): readonly Offer[] =>
    lazytainer.offers?.(inputOf({ name, labelled })) ?? [];
  const read = (labelled: Readonly<Record<string, string>>, offers: readonly Offer[] = [], isOwnedByProject = false) =>
    lazytainer.read({ ...inputOf({ labelled }, { offers }), isOwnedByProject });

  test('its own container says how groups sleep, and belongs to none', () => {
    expect(offered(own)).toEqual([
      { kind: 'group', name: 'games', value: { idleMs: 120_000, method: 'pause' }, from: 'lazytainer', project: '' },
      { kind: 'group', name: 'web', value: { idleMs: 30_000, method: 'stop' }, from: 'lazytainer', project: '' },
    ]);
    expect(read(own).wake).toBeUndefined();
    expect(read(own).problems).toMatchObject([{ message: expect.stringContaining('bad.inactiveTimeout') }]);
  });

  test('a container of a group sleeps as that was said, or as all do', () => {
    const games = { 'lazytainer.group': 'games' };
    expect(read(games, offered(own))).toMatchObject({
      problems: [],
      wake: { scope: 'groups', groups: ['games'], options: { idleMs: 120_000, method: 'pause' } },
    });
    expect(read(games).wake).toMatchObject({ groups: ['games'], options: {} });
    expect(read({ 'lazytainer.group': 'a b' })).toMatchObject({
      problems: [{ message: 'lazytainer.group=a b cannot be used' }],
    });
  });

  test('where projects own their hosts, nobody else says how a group sleeps', () => {
    const games = { 'lazytainer.group': 'games', 'com.docker.compose.project': 'p' };
    const ours = offered({ ...own, 'com.docker.compose.project': 'p' });
    const others = offered({ ...own, 'com.docker.compose.project': 'q' });
    expect(read(games, [...others, ...offered(own)], true).wake?.options).toEqual({});
    expect(read(games, [...others, ...ours], true).wake?.options).toEqual({ idleMs: 120_000, method: 'pause' });
    expect(read({ 'lazytainer.group': 'games' }, offered(own), true).wake?.options).toEqual({});
  });
});

test('neither of them routes anything; what an image says of groups does not count', () => {
  for (const dialect of [sablier, lazytainer]) {
    expect(dialect.isPublicClaim('label', `${dialect.name}.group`)).toBe(true);
    expect(dialect.isPublicClaim('env', `${dialect.name}.group`)).toBe(false);
    expect(dialect.isOwnWord('label', `${dialect.name}.group`)).toBe(true);
    expect(dialect.isOwnWord('env', `${dialect.name}.group`)).toBe(false);
    expect(dialect.read(inputOf({ labelled: { [`${dialect.name}.group`]: 'a' } })).services).toEqual([]);
  }
  expect(sablier.isPublicClaim('label', 'sablier.ready-after')).toBe(false);
});
