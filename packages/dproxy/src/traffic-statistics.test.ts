import type { ConnectedWorker } from '@dproxy/cluster';
import type { Traffic, WorkerStats } from '@dproxy/core';
import { snapshotOf } from '@dproxy/testkit';
import { expect, test } from 'vitest';
import { TrafficStatistics } from './traffic-statistics.ts';

function trafficOf(id: string, requests: number): Traffic {
  return { id, active: 1, requests, statuses: [0, requests, 0, 0, 0], errors: 0, bytesIn: 0, bytesOut: 9, totalMs: 5 };
}

function statsOf(routes: readonly Traffic[], backends: readonly Traffic[]): WorkerStats {
  const counters = {
    requests: 3,
    connections: 2,
    tunnels: 0,
    held: 0,
    upstreamConnections: 1,
    ejections: 0,
    bytesIn: 10,
    bytesOut: 20,
  };
  return { ...counters, errors: { 'client-gone': 1, 'upstream-timeout': 2 }, routes, backends };
}

function workerOf(pid: number): ConnectedWorker {
  const identity = { pid, pmId: pid + 100, supervisorPid: 1, startedAtMs: 0 };
  return { ...identity, state: 'online', version: 7, hash: '', listeners: undefined, failed: [] };
}

const snapshot = snapshotOf({ routes: { 'a.test': { port: 3000 }, 'b.test': { port: 3001, state: 'unhealthy' } } });

function readerOf(answers: { pid: number; stats: WorkerStats }[], pids: number[]) {
  const server = { stats: () => Promise.resolve(answers), workers: () => pids.map(workerOf) };
  return new TrafficStatistics({ server, snapshot: () => snapshot, nowMs: () => 1_000 });
}

test('routes have what all workers saw of them, the busiest first, with their backends', async () => {
  const backend = 'file:http://127.0.0.1:3001';
  const reader = readerOf(
    [
      { pid: 1, stats: statsOf([trafficOf('b.test/', 5)], [trafficOf(backend, 5)]) },
      { pid: 2, stats: statsOf([trafficOf('b.test/', 7)], [trafficOf(backend, 7)]) },
    ],
    [1, 2, 3],
  );
  const { routes, routeCount, workers } = await reader.read('');
  expect(routeCount).toBe(2);
  expect(routes.map(({ id }) => id)).toEqual(['b.test/', 'a.test/']);
  expect(routes[0]?.traffic?.requests).toBe(12);
  expect(routes[0]?.workers.map(({ pid, traffic }) => [pid, traffic.requests])).toEqual([
    [1, 5],
    [2, 7],
  ]);
  expect(routes[0]?.backends).toMatchObject([{ id: backend, state: 'unhealthy', traffic: { requests: 12 } }]);
  expect(routes[1]?.traffic).toBeUndefined();
  expect(workers).toMatchObject([
    { id: 101, pid: 1, errors: 3 },
    { id: 102, pid: 2 },
    { id: 103, pid: 3, requests: 0 },
  ]);
});

test('what a worker that is gone has counted stays, but nothing is under way there', async () => {
  const answers = [
    { pid: 1, stats: statsOf([trafficOf('a.test/', 5)], []) },
    { pid: 2, stats: statsOf([trafficOf('a.test/', 1)], []) },
  ];
  const pids = [1, 2];
  const reader = readerOf(answers, pids);
  await reader.read('');
  answers.splice(0, 1);
  pids.splice(0, 1);
  const { routes } = await reader.read('a.test');
  expect(routes).toHaveLength(1);
  expect(routes[0]?.traffic).toMatchObject({ requests: 6, active: 1 });
});
