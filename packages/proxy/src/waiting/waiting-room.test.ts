import { DEFAULT_LIMITS, type Limits, ProxyError } from '@dproxy/core';
import { eventually } from '@dproxy/testkit';
import { describe, expect, it } from 'vitest';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { Counters } from '../counters.ts';
import { DeadlineWheel } from '../deadline-wheel.ts';
import { GROUP } from '../fixtures/waiting-edge.ts';
import { BackendAges } from '../upstream/backend-ages.ts';
import type { Promising } from './prospects.ts';
import { WaitingRoom } from './waiting-room.ts';

/** All that matters of a table to who enters. */
function roomOf(limits: Partial<Limits>) {
  const wheel = new DeadlineWheel((error) => {
    throw error;
  });
  const counters = new Counters();
  const routes = new Map<string, { staffing: 'ready' | 'none' }>();
  const tables = { routes, streams: { byId: new Map() }, source: { wakeGroups: new Map() } };
  const compiled = { limits: { ...DEFAULT_LIMITS, ...limits }, ...tables } as unknown as CompiledSnapshot;
  const services = { wheel, counters, compiled, ages: new BackendAges() };
  const room = new WaitingRoom({ services, onWake: () => undefined });
  const turnedAway: string[] = [];
  const admitted: string[] = [];
  const untilMs = performance.now() + 20_000;
  const enter = (
    name: string,
    { mayBeGone = false, route = name, client = name, outlook = hold(untilMs) } = {},
  ): string => {
    const waiter = { mayBeGone, onAdmitted: () => admitted.push(name), onTurnedAway: () => turnedAway.push(name) };
    const entered = room.enter({ place: { kind: 'route', id: route }, client, waiter, outlook });
    return entered instanceof ProxyError ? entered.code : 'waits';
  };
  const asleep: Promising = { kind: 'wake', group: GROUP, untilMs };
  const dispose = (): void => {
    room.dispose();
    wheel.dispose();
  };
  return { room, routes, counters, enter, asleep, admitted, turnedAway, [Symbol.dispose]: dispose };
}

function hold(untilMs: number): Promising {
  return { kind: 'hold', untilMs };
}

it('leaves a quarter of its places to those who wait for a moment only', () => {
  using site = roomOf({ heldRequests: 8 });
  const { room, counters, enter, asleep: outlook } = site;
  const waking = Array.from({ length: 8 }, (_, at) => enter(`192.0.2.${at}`, { outlook }));
  expect(waking).toEqual([...Array.from({ length: 6 }, () => 'waits'), 'too-many-waiting', 'too-many-waiting']);
  const holding = [10, 11, 12].map((at) => enter(`192.0.2.${at}`));
  expect(holding).toEqual(['waits', 'waits', 'too-many-waiting']);
  room.dispose();
  expect(counters.held).toBe(0);
  expect(enter('192.0.2.20', { outlook })).toBe('waits');
});

it('lets a few of each route go on at once, and the others soon, in the order in which they came', async () => {
  using site = roomOf({});
  const names = (route: string): string[] => Array.from({ length: 20 }, (_, at) => `${route} ${at}`);
  for (const route of ['one', 'two']) {
    for (const name of names(route)) expect(site.enter(name, { route })).toBe('waits');
    site.routes.set(route, { staffing: 'ready' });
  }
  site.room.follow(undefined);
  expect(site.admitted).toEqual([...names('one').slice(0, 8), ...names('two').slice(0, 8)]);
  await eventually(() => site.admitted.length === 40);
  for (const route of ['one', 'two'])
    expect(site.admitted.filter((name) => name.startsWith(route))).toEqual(names(route));
  expect(site.counters.held).toBe(0);
});

it('turns nobody away whose turn it is', async () => {
  using site = roomOf({});
  site.enter('late', { route: 'one', outlook: hold(performance.now()) });
  site.routes.set('one', { staffing: 'ready' });
  await eventually(() => site.admitted.length === 1);
  expect(site.turnedAway).toEqual([]);
});

describe('whoever may be gone', () => {
  it.each([
    ['in all', { heldRequests: 3 }, {}],
    ['of one route', { heldRequestsPerRoute: 3 }, { route: 'r' }],
    ['of one client', { heldRequestsPerClient: 3 }, { client: '192.0.2.1' }],
  ])('gives up the place to who is there, the oldest first, where there are too many %s', (_what, limits, same) => {
    using site = roomOf(limits);
    const { enter, turnedAway, counters } = site;
    expect(enter('there', same)).toBe('waits');
    expect(enter('gone 1', { ...same, mayBeGone: true })).toBe('waits');
    expect(enter('gone 2', { ...same, mayBeGone: true })).toBe('waits');
    expect(enter('gone 3', { ...same, mayBeGone: true })).toBe('too-many-waiting');
    expect(turnedAway).toEqual([]);
    expect(enter('late 1', same)).toBe('waits');
    expect(turnedAway).toEqual(['gone 1']);
    expect(enter('late 2', same)).toBe('waits');
    expect(enter('late 3', same)).toBe('too-many-waiting');
    expect(turnedAway).toEqual(['gone 1', 'gone 2']);
    expect(counters.held).toBe(3);
  });

  it.each([
    ['there is room', {}, {}],
    ['it is full', { heldRequests: 2 }, {}],
    ['its route is full', { heldRequestsPerRoute: 2 }, { route: 'r' }],
  ])('does not give it up for a client who has too many already, where %s', (_what, limits, same) => {
    using site = roomOf({ heldRequests: 8, ...limits, heldRequestsPerClient: 1 });
    const { enter, turnedAway } = site;
    expect(enter('gone', { ...same, mayBeGone: true })).toBe('waits');
    expect(enter('there', { ...same, client: 'a' })).toBe('waits');
    expect(enter('again', { ...same, client: 'a' })).toBe('too-many-waiting');
    expect(turnedAway).toEqual([]);
  });

  it('gives it up among those who wait for starts, which have but a share', () => {
    using site = roomOf({ heldRequests: 4 });
    const { enter, turnedAway, asleep: outlook } = site;
    expect(enter('holds', { mayBeGone: true })).toBe('waits');
    for (const name of ['gone', 'a', 'b']) expect(enter(name, { mayBeGone: name === 'gone', outlook })).toBe('waits');
    expect(enter('c', { outlook, mayBeGone: true })).toBe('too-many-waiting');
    expect(turnedAway).toEqual([]);
  });
});
