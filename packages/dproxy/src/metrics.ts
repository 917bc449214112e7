import type { CertificateUpkeep } from '@dproxy/certs';
import type { SnapshotServer } from '@dproxy/cluster';
import type { Inspector } from '@dproxy/core';
import { Counter, Gauge, Registry } from 'prom-client';
import { WorkerTotals } from './worker-totals.ts';

/** A worker that does not answer by then is left out of this scrape. */
const STATS_MS = 1_000;

export interface MetricsParts {
  readonly server: Pick<SnapshotServer, 'stats' | 'workers'>;
  readonly inspector: Inspector;
  readonly upkeep: Pick<CertificateUpkeep, 'counters'>;
  /** What became of wakes, by outcome. */
  readonly wakes: () => ReadonlyMap<string, number>;
  /** How often a group was put to sleep. */
  readonly sleeps: () => number;
}

/** All workers together, in the text format of Prometheus; asked anew at each scrape. No host or path is a label. */
export class Metrics {
  readonly #parts: MetricsParts;
  readonly #totals = new WorkerTotals();

  constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  async read(): Promise<string> {
    const { server, inspector, wakes, sleeps } = this.#parts;
    const answers = await server.stats(STATS_MS);
    const workers = server.workers();
    const totals = this.#totals.add(answers, new Set(workers.map(({ pid }) => pid)));
    // A registry per scrape: the numbers are already sums, and nothing of an earlier scrape may stay.
    const registry = new Registry();
    const count = (name: string, help: string, value: number): void => {
      new Counter({ name, help, registers: [registry] }).inc(value);
    };
    const gauge = (name: string, help: string, value: number): void => {
      new Gauge({ name, help, registers: [registry] }).set(value);
    };
    count('dproxy_requests_total', 'Requests that were answered or broke off.', totals.requests);
    count('dproxy_requests_bytes_total', 'Bytes from clients.', totals.bytesIn);
    count('dproxy_responses_bytes_total', 'Bytes to clients.', totals.bytesOut);
    gauge('dproxy_open_connections', 'Open connections of clients.', totals.connections);
    gauge('dproxy_open_tunnels', 'Open tunnels (WebSocket, TCP).', totals.tunnels);
    gauge('dproxy_held_requests', 'Requests and TCP connections that wait for a backend.', totals.held);
    count('dproxy_upstream_connections_total', 'Connections opened to backends.', totals.upstreamConnections);
    count('dproxy_backend_ejections_total', 'Backends passed over for their failures.', totals.ejections);
    const errors = new Counter({
      name: 'dproxy_errors_total',
      help: 'Errors by code.',
      labelNames: ['code'],
      registers: [registry],
    });
    for (const [code, value] of totals.errors) errors.inc({ code }, value);
    const up = new Gauge({
      name: 'dproxy_worker_up',
      help: '1 when it serves.',
      labelNames: ['worker'],
      registers: [registry],
    });
    const table = new Gauge({
      name: 'dproxy_table_version',
      help: 'Snapshot in force.',
      labelNames: ['worker'],
      registers: [registry],
    });
    for (const { pmId, state, version } of workers) {
      up.set({ worker: pmId }, state === 'online' ? 1 : 0);
      table.set({ worker: pmId }, version);
    }
    gauge('dproxy_routes', 'Routes that are served.', inspector.routes().routes.length);
    gauge('dproxy_rejections', 'Entries and labels that are refused.', inspector.rejected().length);
    const backends = new Gauge({
      name: 'dproxy_backends',
      help: 'Backends by state.',
      labelNames: ['state'],
      registers: [registry],
    });
    for (const { state } of inspector.backends()) backends.inc({ state });
    const groups = new Gauge({
      name: 'dproxy_wake_groups',
      help: 'Groups of containers that sleep and wake, by state.',
      labelNames: ['state'],
      registers: [registry],
    });
    for (const { state } of inspector.wakeGroups()) groups.inc({ state });
    const woken = new Counter({
      name: 'dproxy_wakes_total',
      help: 'Wakes of groups of containers by outcome: ready, failed, unavailable, or what refused them.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    for (const [outcome, value] of wakes()) woken.inc({ outcome }, value);
    count('dproxy_sleeps_total', 'How often a group of containers was put to sleep.', sleeps());
    this.#addCertificates(registry);
    return await registry.metrics();
  }

  #addCertificates(registry: Registry): void {
    const { inspector, upkeep } = this.#parts;
    const views = inspector.certificates();
    const certificates = new Gauge({
      name: 'dproxy_certificates',
      help: 'Certificates, and names that wait for one, by kind and state.',
      labelNames: ['kind', 'state'],
      registers: [registry],
    });
    for (const { kind, state } of views) certificates.inc({ kind, state });
    const ends = views
      .filter(({ kind, notAfterMs }) => kind !== 'local' && notAfterMs > 0)
      .map((view) => view.notAfterMs);
    new Gauge({
      name: 'dproxy_certificate_first_expiry_timestamp_seconds',
      help: 'When the first certificate of a file or an authority ends; 0: there is none.',
      registers: [registry],
    }).set(ends.length === 0 ? 0 : Math.min(...ends) / 1_000);
    const orders = new Counter({
      name: 'dproxy_certificate_orders_total',
      help: 'Orders by outcome: issued, the problem, or refused-here where the authority would have refused.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    const { issued, failed, refusedHere, onDemandRefused } = upkeep.counters();
    orders.inc({ outcome: 'issued' }, issued);
    orders.inc({ outcome: 'refused-here' }, refusedHere);
    for (const [problem, value] of failed) orders.inc({ outcome: problem }, value);
    new Counter({
      name: 'dproxy_on_demand_refused_total',
      help: 'Names of handshakes for which nothing was ordered.',
      registers: [registry],
    }).inc(onDemandRefused);
  }
}
