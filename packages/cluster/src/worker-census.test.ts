import { expect, it } from 'vitest';
import type { ConnectedWorker } from './ipc/worker-link.ts';
import type { ListedProcess } from './pm2-program.ts';
import { census } from './worker-census.ts';
import { LEFT_EXIT_CODE } from './drain-limits.ts';

const listed = (id: number, status: string, more: Partial<ListedProcess> = {}): ListedProcess => ({
  id,
  status,
  name: 'dproxy-worker',
  pid: 0,
  exitCode: 0,
  restarts: 0,
  ...more,
});

const connected = (pmId: number, supervisorPid: number): ConnectedWorker => ({
  pid: 100 + pmId,
  pmId,
  supervisorPid,
  startedAtMs: 0,
  version: 3,
  hash: '',
  failed: [],
  state: 'online',
  listeners: undefined,
});

it('believes the workers, and PM2 only about those that say nothing', () => {
  const workers = [connected(1, 50), connected(2, 7)];
  const entries = [
    listed(1, 'stopped'),
    listed(2, 'launching', { pid: 9 }),
    listed(3, 'errored'),
    listed(4, 'waiting restart', { exitCode: LEFT_EXIT_CODE }),
    listed(5, 'waiting restart', { exitCode: 1, pid: 5 }),
    listed(6, 'stopping', { pid: 6 }),
    listed(7, 'launching', { exitCode: 1, pid: 7 }),
    listed(8, 'stopped', { exitCode: 1 }),
  ];
  expect(census(workers, entries, 50).map(({ id, pid, state }) => `${id} ${pid} ${state}`)).toEqual([
    '1 101 online',
    '2 102 online',
    '2 9 starting',
    '3 0 errored',
    '4 0 stopped',
    '5 5 errored',
    '6 6 draining',
    '7 7 errored',
    '8 0 stopped',
  ]);
});
