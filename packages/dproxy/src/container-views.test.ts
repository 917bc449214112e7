import type { ContainerView } from '@dproxy/core';
import { snapshotOf } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { withTableStates } from './container-views.ts';

const view = (backend: string, more: Partial<ContainerView> = {}): ContainerView => ({
  id: 'c'.repeat(64),
  name: 'web',
  image: 'web',
  engine: 'e',
  state: 'running',
  health: 'none',
  hosts: ['a.test'],
  backends: [{ id: backend, address: '192.0.2.1', port: 80, state: 'ready' }],
  reason: '',
  ...more,
});

test('a container that runs has the states of its backends in the table, and why one takes no requests', () => {
  const why = 'it does not listen on port 80 yet';
  const { backends } = snapshotOf({
    routes: [
      { host: 'a.test', to: { port: 80, id: 'starting', state: 'starting', reason: why } },
      { host: 'b.test', to: { port: 80, id: 'well' } },
    ],
  });
  const told = (views: readonly ContainerView[]) =>
    withTableStates(views, backends).map((each) => [each.backends[0]?.state, each.reason]);
  expect(told([view('starting'), view('well'), view('starting', { reason: 'it is paused' }), view('new')])).toEqual([
    ['starting', why],
    ['ready', ''],
    ['starting', 'it is paused'],
    ['ready', ''],
  ]);
});
