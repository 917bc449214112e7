import type { WakePlan } from '@dproxy/core';
import { snapshotOf } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { ServedGroups } from './served-groups.ts';
import { WakePlans } from './wake-plans.ts';

const planOf = (id: string): WakePlan => ({ id, name: id }) as WakePlan;
const stateOf = (source: string, wakePlans: readonly WakePlan[]) => ({
  source,
  definitions: [],
  rejected: [],
  wakePlans,
});

it('finds the newest plan of a group, and whose containers they are', () => {
  const plans = new WakePlans();
  const [shop, newShop, blog] = [planOf('a/shop'), planOf('a/shop'), planOf('b/blog')];
  expect(plans.set(stateOf('a', [shop]))).toBe(true);
  expect(plans.set(stateOf('b', [blog]))).toBe(true);
  expect(plans.find('a/shop')).toEqual({ source: 'a', plan: shop });
  plans.set(stateOf('a', [newShop]));
  expect(plans.find('a/shop')?.plan).toBe(newShop);
  expect(plans.all()).toEqual([newShop, blog]);
  plans.set(stateOf('a', []));
  plans.remove('b');
  expect([plans.find('a/shop'), plans.find('b/blog'), plans.find('__proto__')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it('knows that a source says nothing new', () => {
  const plans = new WakePlans();
  const shop = planOf('a/shop');
  expect(plans.set({ source: 'a', definitions: [], rejected: [] })).toBe(false);
  expect([plans.set(stateOf('a', [shop])), plans.set(stateOf('a', [shop])), plans.set(stateOf('a', []))]).toEqual([
    true,
    false,
    true,
  ]);
});

it('takes a group for served when somebody is ready for each of its routes, and when it needs nobody', () => {
  const tableOf = (version: number, state: 'ready' | 'draining' | 'stopped', other: 'ready' | 'stopped') =>
    snapshotOf({
      version,
      routes: [
        { host: 'shop.test', wakeGroup: 'shop', to: { port: 1, id: 'one', state } },
        { host: 'admin.shop.test', wakeGroup: 'shop', to: { port: 2, id: 'two', state: other } },
      ],
    });
  let snapshot = tableOf(1, 'draining', 'stopped');
  const served = new ServedGroups(() => snapshot);
  const look = () => [served.isServed('shop'), served.unserved('shop')];
  expect([look(), served.isServed('nothing')]).toEqual([[false, []], true]);
  snapshot = tableOf(2, 'ready', 'stopped');
  expect(look()).toEqual([false, ['admin.shop.test/']]);
  snapshot = tableOf(3, 'ready', 'ready');
  expect(look()).toEqual([true, []]);
  expect(new ServedGroups(() => undefined).isServed('shop')).toBe(false);
});

it('is content with one of the local names, which nobody has asked for', () => {
  const local = (host: string, state: 'ready' | 'stopped') =>
    ({ host, audience: 'local', wakeGroup: 'shop', to: { port: 1, id: host, state } }) as const;
  const served = (...routes: ReturnType<typeof local>[]) => new ServedGroups(() => snapshotOf({ routes }));
  expect(served(local('a.localhost', 'ready'), local('b.localhost', 'stopped')).isServed('shop')).toBe(true);
  expect(served(local('a.localhost', 'stopped')).isServed('shop')).toBe(false);
});

it('does not wait for routes that lead only to containers which stay stopped', () => {
  const route = (host: string, id: string, containerId: string) =>
    ({ host, wakeGroup: 'shop', to: { port: 1, id, containerId, state: 'stopped' } }) as const;
  const served = new ServedGroups(() =>
    snapshotOf({ routes: [route('shop.test', 'web', 'web-id'), route('mail.test', 'mail', 'mail-id')] }),
  );
  expect(served.servers('shop')).toEqual(new Set(['web-id', 'mail-id']));
  const left = [[], ['mail-id'], ['mail-id', 'web-id']];
  expect(left.map((ids) => served.isServed('shop', new Set(ids)))).toEqual([false, false, true]);
  expect(served.servers('nothing').size).toBe(0);
});

it('does not take a site for served because the database of its project listens', () => {
  const tableOf = (version: number, state: 'ready' | 'starting') =>
    snapshotOf({
      version,
      routes: [
        { host: 'shop.test', wakeGroup: 'shop', to: { port: 1, id: 'web', state } },
        { host: 'db.localhost', audience: 'local', wakeGroup: 'shop', to: { port: 2, id: 'db' } },
        { host: 'cache.localhost', audience: 'local', wakeGroup: 'cache', to: { port: 3, id: 'cache' } },
      ],
    });
  let snapshot = tableOf(1, 'starting');
  const served = new ServedGroups(() => snapshot);
  expect([served.isServed('shop'), served.isServed('cache')]).toEqual([false, true]);
  snapshot = tableOf(2, 'ready');
  expect(served.isServed('shop')).toBe(true);
});
