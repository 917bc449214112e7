import type { Filter } from '@dproxy/core';
import { snapshotOf, streamOf } from '@dproxy/testkit';
import { expect, it } from 'vitest';
import { IdleRoutes } from './idle-routes.ts';

const backend = (name: string, port = 80) => ({ id: name, port, containerId: `${name}-id` });
const GROUP = 'docker:test/project:shop';
const FOREIGN = 'a route that does not wake it sends requests to it, too';

it('lets a group sleep that all its routes wake', () => {
  const routes = new IdleRoutes(
    snapshotOf({
      routes: [
        { host: 'web.test', to: backend('web'), wakeGroup: GROUP },
        { host: 'o.test', to: backend('o') },
      ],
    }),
  );
  expect(routes.unwakeable(GROUP, ['web-id', 'db-id'])).toBe('');
  expect(routes.backendsOf(GROUP, ['web-id', 'db-id']).map(({ id }) => id)).toEqual(['web']);
});

it('keeps a group awake that no route leads to', () => {
  const routes = new IdleRoutes(snapshotOf({ routes: [{ host: 'web.test', to: backend('web') }] }));
  expect(routes.unwakeable(GROUP, ['db-id'])).toBe('no route leads to it, so nobody could wake it');
});

const mirror: Filter = { type: 'mirror', backends: [{ backendId: 'web', weight: 1 }], percent: 100, maxBodyBytes: 0 };
const errorPages: Filter = {
  type: 'errorPages',
  statuses: [[500, 599]],
  backends: [{ backendId: 'web', weight: 1 }],
  path: '/',
};

it.each([
  ['a route', snapshotOf({ routes: [own(), { host: 'b.test', to: backend('web') }] })],
  [
    'a route that wakes another group',
    snapshotOf({ routes: [own(), { host: 'b.test', to: backend('web'), wakeGroup: 'x' }] }),
  ],
  ['a mirror', snapshotOf({ routes: [own(), { host: 'b.test', to: backend('o'), filters: [mirror] }] })],
  ['error pages', snapshotOf({ routes: [own(), { host: 'b.test', to: backend('o'), filters: [errorPages] }] })],
  ['a stream', snapshotOf({ routes: [own()], streams: [streamOf({ backendIds: ['web'] })] })],
  [
    'datagrams',
    snapshotOf({ routes: [own()], streams: [streamOf({ backendIds: ['web'], protocol: 'udp', wakeGroup: GROUP })] }),
  ],
])('keeps a group awake that %s uses without waking it', (_who, snapshot) => {
  expect(new IdleRoutes(snapshot).unwakeable(GROUP, ['web-id'])).toBe(FOREIGN);
});

it('lets a group sleep that a stream or a filter of its own uses', () => {
  const streams = [streamOf({ backendIds: ['db'], wakeGroup: GROUP })];
  const backends = [{ ...snapshotOf({ routes: [own()] }).backends.get('web')!, id: 'db', containerId: 'db-id' }];
  const snapshot = snapshotOf({ routes: [{ ...own(), filters: [mirror] }], streams, backends });
  const routes = new IdleRoutes(snapshot);
  expect(routes.unwakeable(GROUP, ['web-id', 'db-id'])).toBe('');
  expect(routes.backendsOf(GROUP, ['db-id']).map(({ id }) => id)).toEqual(['db']);
});

const file = (wakes = '') => ({ id: `file:http://10.0.0.7:80#${wakes}`, address: '10.0.0.7', port: 80 });

it('lets a group sleep behind a route of the operator that wakes it, and knows whom to ask there', () => {
  const routes = new IdleRoutes(snapshotOf({ routes: [{ host: 'a.test', to: file('shop'), wakeGroup: GROUP }] }));
  expect(routes.unwakeable(GROUP, ['web-id'])).toBe('');
  expect(routes.backendsOf(GROUP, ['web-id']).map(({ address }) => address)).toEqual(['10.0.0.7']);
  expect(routes.backendsOf('another', ['o-id'])).toEqual([]);
});

it.each([
  ['whose label knows that address', { ...backend('web'), address: '10.0.0.7' }],
  ['whose other route of the operator wakes it', file('shop')],
])('keeps a group awake that a route of the operator uses without waking it, %s', (_which, to) => {
  const routes = [
    { host: 'a.test', to, wakeGroup: GROUP },
    { host: 'b.test', to: file() },
  ];
  expect(new IdleRoutes(snapshotOf({ routes })).unwakeable(GROUP, ['web-id'])).toBe(FOREIGN);
});

function own() {
  return { host: 'web.test', to: backend('web'), wakeGroup: GROUP };
}
