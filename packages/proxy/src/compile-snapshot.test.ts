import { silentLog, type Snapshot } from '@dproxy/core';
import { snapshotOf, type SnapshotSpec } from '@dproxy/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileSnapshot } from './compile-snapshot.ts';
import type { CompiledSnapshot } from './compiled-snapshot.ts';
import { Counters } from './counters.ts';
import { DeadlineWheel } from './deadline-wheel.ts';
import { NameCache } from './upstream/name-cache.ts';
import { UpstreamPools } from './upstream/upstream-pools.ts';

const SCOPE = { isLocal: false, listenerId: 'http' };
const worker = { index: 0, count: 1 };
let wheel: DeadlineWheel;
let pools: UpstreamPools;

beforeEach(() => {
  wheel = new DeadlineWheel((error) => {
    throw error;
  });
  pools = new UpstreamPools({ wheel, counters: new Counters(), names: new NameCache(), log: silentLog });
});
afterEach(() => wheel.dispose());

function compile(snapshot: Snapshot, previous?: CompiledSnapshot): CompiledSnapshot {
  return compileSnapshot(snapshot, { worker, pools, log: silentLog, material: new Map(), previous });
}

/** The next Snapshot as a delta makes it: what has the same content is the same object. */
function change(before: Snapshot, spec: SnapshotSpec): Snapshot {
  const { routes, backends, settings, ...rest } = snapshotOf(spec);
  const share = <T>(next: ReadonlyMap<string, T>, old: ReadonlyMap<string, T>) =>
    new Map([...next].map(([id, entry]) => [id, isSame(entry, old.get(id)) ? (old.get(id) as T) : entry]));
  return {
    ...rest,
    routes: share(routes, before.routes),
    backends: share(backends, before.backends),
    settings: isSame(settings, before.settings) ? before.settings : settings,
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const A = { host: 'a.test', to: [{ port: 1 }, { port: 2 }] };
const B = { host: 'b.test', to: { port: 3 } };
const C = { host: '*.c.test', to: { port: 3 } };
const idOf = (compiled: CompiledSnapshot, host: string) => compiled.table.lookup(host, '/', SCOPE).routes[0];

describe('a Snapshot that differs a little from the one before', () => {
  test('makes only the changed route anew; the turns of the others go on', () => {
    const first = snapshotOf({ routes: [A, B, C] });
    const before = compile(first);
    expect(idOf(before, 'a.test')?.balance.next()?.backend.port).toBe(1);
    const after = compile(change(first, { routes: [A, { ...B, headers: { requestSet: [['x', 'y']] } }, C] }), before);
    expect(idOf(after, 'a.test')).toBe(idOf(before, 'a.test'));
    expect(idOf(after, 'a.test')?.balance.next()?.backend.port).toBe(2);
    expect(idOf(after, 'x.c.test')).toBe(idOf(before, 'x.c.test'));
    expect(idOf(after, 'b.test')?.route.headers.requestSet).toEqual([['x', 'y']]);
    expect(idOf(before, 'b.test')?.route.headers.requestSet).toEqual([]);
  });

  test('finds routes that came, and no longer those that went', () => {
    const first = snapshotOf({ routes: [A, C] });
    const before = compile(first);
    const after = compile(change(first, { routes: [A, B] }), before);
    expect(['a.test', 'b.test', 'x.c.test'].map((host) => after.table.lookup(host, '/', SCOPE).outcome)).toEqual([
      'exact',
      'exact',
      'route-unknown',
    ]);
    expect(before.table.lookup('x.c.test', '/', SCOPE).outcome).toBe('wildcard');
    expect([...after.routes.keys()]).toEqual(['a.test/', 'b.test/']);
  });

  test('reaches all routes of a backend that moves, stops and comes back, and no others', () => {
    const to = (backend: object) => ({ routes: [A, { ...B, to: { id: 'b', port: 3, ...backend } }] });
    const first = snapshotOf(to({}));
    const before = compile(first);
    const second = change(first, to({ port: 4 }));
    const moved = compile(second, before);
    expect(idOf(moved, 'b.test')?.balance.next()?.backend.port).toBe(4);
    expect(idOf(moved, 'a.test')).toBe(idOf(before, 'a.test'));
    const third = change(second, to({ port: 4, state: 'stopped' }));
    const stopped = compile(third, moved);
    expect(idOf(stopped, 'b.test')?.balance.next()).toBeUndefined();
    const back = compile(change(third, to({ port: 4 })), stopped);
    expect(idOf(back, 'b.test')?.balance.next()?.backend.port).toBe(4);
    expect(idOf(back, 'a.test')).toBe(idOf(before, 'a.test'));
  });

  test('with other limits reaches every route', () => {
    const first = snapshotOf({ routes: [A, B] });
    const before = compile(first);
    const after = compile(change(first, { routes: [A, B], limits: { upstreamConnectMs: 77 } }), before);
    expect(['a.test', 'b.test'].map((host) => idOf(after, host)?.connectMs)).toEqual([77, 77]);
  });

  test('with other addresses of our own refuses the backends that are there now', () => {
    const to = { port: 3, containerId: 'c', address: '10.9.9.9' };
    const first = snapshotOf({ routes: [{ ...B, to }] });
    const before = compile(first);
    expect(idOf(before, 'b.test')?.balance.next()).toBeDefined();
    const ownAddresses = ['10.9.9.9:3'];
    const after = compile(change(first, { routes: [{ ...B, to }], settings: { ownAddresses } }), before);
    expect(idOf(after, 'b.test')?.balance.next()).toBeUndefined();
  });

  test('that is the same in all costs nothing', () => {
    const first = snapshotOf({ routes: [A, B, C] });
    const before = compile(first);
    const after = compile({ ...first, version: 2 }, before);
    expect([after.routes, after.table, after.tls, after.pages]).toEqual([
      before.routes,
      before.table,
      before.tls,
      before.pages,
    ]);
    expect(after.table).toBe(before.table);
    expect(after.routes).toBe(before.routes);
  });
});
