import type { ConnectedWorker } from '@dproxy/cluster';
import type { Inspector, WorkerStats } from '@dproxy/core';
import { expect, test } from 'vitest';
import { Metrics } from './metrics.ts';

function stats(requests: number, errors: Record<string, number> = {}): WorkerStats {
  return {
    requests,
    connections: 2,
    tunnels: 0,
    held: 0,
    upstreamConnections: 1,
    ejections: 0,
    errors,
    bytesIn: 10,
    bytesOut: 20,
    routes: [],
    backends: [],
  };
}

function worker(pid: number): ConnectedWorker {
  const identity = { pid, pmId: pid, supervisorPid: 1, startedAtMs: 0 };
  return { ...identity, state: 'online', version: 7, hash: '', listeners: undefined, failed: [] };
}

const inspector: Inspector = {
  wakeGroups: () => [
    {
      id: 'e/project:shop',
      name: 'shop',
      state: 'asleep',
      message: '',
      members: [],
      failure: '',
      retryAfterS: 0,
      idle: null,
    },
  ],
  containers: () => [],
  backends: () => [],
  routes: () => ({ routes: [], shadowed: [] }),
  streams: () => ({ streams: [], shadowed: [] }),
  rejected: () => [],
  certificates: () => [
    {
      names: ['a.test'],
      kind: 'acme',
      state: 'valid',
      id: 'c1',
      issuer: 'CA',
      notBeforeMs: 0,
      notAfterMs: 1_800_000_000_000,
      renewMs: 0,
      nextAttemptMs: 0,
      failures: 0,
      problem: '',
      advice: '',
    },
  ],
  warnings: () => [],
};

const upkeep = {
  counters: () => ({ issued: 3, failed: new Map([['unauthorized', 2]]), refusedHere: 1, onDemandRefused: 0 }),
};

test('counters are the sum over workers, gauges of those that run', async () => {
  const metrics = new Metrics({
    inspector,
    upkeep,
    wakes: () =>
      new Map([
        ['ready', 4],
        ['client-budget', 2],
      ]),
    sleeps: () => 3,
    server: {
      workers: () => [worker(1), worker(2)],
      stats: () =>
        Promise.resolve([
          { pid: 1, stats: stats(5, { 'route-unknown': 1 }) },
          { pid: 2, stats: stats(6, { 'route-unknown': 2 }) },
        ]),
    },
  });
  const text = await metrics.read();
  expect(text).toContain('dproxy_requests_total 11\n');
  expect(text).toContain('dproxy_errors_total{code="route-unknown"} 3\n');
  expect(text).toContain('dproxy_open_connections 4\n');
  expect(text).toContain('dproxy_table_version{worker="2"} 7\n');
  expect(text).toContain('dproxy_wake_groups{state="asleep"} 1\n');
  expect(text).toContain('dproxy_wakes_total{outcome="ready"} 4\n');
  expect(text).toContain('dproxy_wakes_total{outcome="client-budget"} 2\n');
  expect(text).toContain('dproxy_sleeps_total 3\n');
  expect(text).toContain('dproxy_certificates{kind="acme",state="valid"} 1\n');
  expect(text).toContain('dproxy_certificate_first_expiry_timestamp_seconds 1800000000\n');
  expect(text).toContain('dproxy_certificate_orders_total{outcome="unauthorized"} 2\n');
});

test('a worker that is gone takes nothing away from the counters', async () => {
  let pids = [1, 2];
  const metrics = new Metrics({
    inspector,
    upkeep,
    wakes: () => new Map(),
    sleeps: () => 0,
    server: {
      workers: () => pids.map(worker),
      stats: () => Promise.resolve(pids.map((pid) => ({ pid, stats: stats(5) }))),
    },
  });
  expect(await metrics.read()).toContain('dproxy_requests_total 10\n');
  pids = [2];
  const text = await metrics.read();
  expect(text).toContain('dproxy_requests_total 10\n');
  expect(text).toContain('dproxy_open_connections 2\n');
});
