import { mkdir } from 'node:fs/promises';
import type { CertificateUpkeep } from '@dproxy/certs';
import {
  readTcpMigrateReq,
  Supervisor,
  tcpMigrateReqWarning,
  type Pm2Balancer,
  type SnapshotServer,
} from '@dproxy/cluster';
import type { WorkerStatus } from '@dproxy/core';
import { banner } from '../banner.ts';
import { Configuration } from '../configuration.ts';
import type { ControlPlane } from '../control-plane.ts';
import { describeEngines } from '../describe-engines.ts';
import { Engines } from '../engines.ts';
import { RequestExplainer } from '../explain/explain-requests.ts';
import { inspect } from '../inspection.ts';
import { markInstance } from '../instance-marker.ts';
import { Metrics } from '../metrics.ts';
import { ROOT, statePaths } from '../paths.ts';
import { describeInstance } from '../running-instance.ts';
import { StateFile } from '../state-file.ts';
import { TrafficStatistics } from '../traffic-statistics.ts';
import { allWorkers } from '../sleeping/all-workers.ts';
import { openSleeping, type Sleeping } from '../sleeping/open-sleeping.ts';
import { openWaking, type Waking } from '../waking/open-waking.ts';
import { readLeftWorkers, WorkerLedger } from '../worker-ledger.ts';
import { followSettings } from './follow-settings.ts';
import { openAdmin } from './open-admin.ts';
import { openBalancer } from './open-balancer.ts';
import { openCertificates } from './open-certificates.ts';
import { openMaker } from './open-maker.ts';
import { openPlane, startCertificateFiles, waitForKnownEngines } from './open-plane.ts';
import { openServer, servedPorts } from './open-server.ts';
import { writePidFile } from './pid-file.ts';
import type { PrimaryOptions } from './primary-options.ts';

/** Hosts reserved for a project are free again after 24 h; leafs of the local CA are renewed long before they end. */
const REFRESH_MS = 60 * 60 * 1_000;

/**
 * The primary: everything that holds a privilege, in the order in which one thing needs another. What was opened is closed in
 * the opposite order by the returned stack; workers go on serving.
 * @throws PortError, PrimaryLockHeld, and whatever keeps the state folder from being used
 */
export async function startPrimary(options: PrimaryOptions): Promise<AsyncDisposableStack> {
  await using opened = new AsyncDisposableStack();
  const { loaded, log } = options;
  const { paths } = loaded.settings;
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  opened.defer(await markInstance(ROOT, log));
  const supervisor = new Supervisor({ pm2Home: options.pm2Home, pid: process.ppid, parentPid: () => process.ppid });
  const sources = await openSources(options, supervisor, opened);
  const { server, plane, configuration, engines, waking, sleeping, upkeep } = sources;

  const balancer = await openBalancer(options, { server, supervisor, settings: () => configuration.settings });
  opened.defer(() => balancer.close());
  sources.attach(balancer);
  const warnings = await collectWarnings(options, configuration, supervisor);
  const inspector = inspect({
    plane,
    containers: () => engines.containers(),
    orderedCertificates: () => upkeep.views(),
    workers: () => server.workers(),
    wakeGroups: () => waking.views(),
    warnings,
  });
  const explainer = new RequestExplainer({
    log,
    snapshot: () => plane.snapshot,
    material: () => plane.material,
    shadowed: () => plane.shadowed,
    containers: () => inspector.containers(),
    certificates: () => inspector.certificates(),
    rejectedCount: () => inspector.rejected().length,
    wakeGroups: () => inspector.wakeGroups(),
  });
  opened.defer(() => explainer.close());
  const metrics = new Metrics({
    server,
    inspector,
    upkeep,
    wakes: () => waking.waker.counts,
    sleeps: () => sleeping.idle.sleeps,
  });
  const statistics = new TrafficStatistics({ server, snapshot: () => plane.snapshot, nowMs: Date.now });
  const retryCertificate = (host: string): boolean => upkeep.retryNow(host);
  const { settings } = configuration;
  const maker = await openMaker(options, configuration, opened);
  const api = await openAdmin(
    options,
    { balancer, inspector, explainer, maker, metrics, statistics, retryCertificate, settings },
    opened,
  );
  opened.defer(await writePidFile(paths.pid, log));
  options.print(
    banner({
      listeners: configuration.listeners,
      api,
      workers: balancer.status().size,
      engines: describeEngines(engines.statuses()),
      routes: inspector.routes().routes,
      configFile: configuration.hasFile() ? configuration.settings.config.path : '',
      rejected: inspector.rejected().length,
      warnings: warnings(),
    }),
  );
  const refresh = setInterval(() => plane.refresh(), REFRESH_MS);
  opened.defer(() => clearInterval(refresh));
  return opened.move();
}

interface Sources {
  readonly server: SnapshotServer;
  readonly plane: ControlPlane;
  readonly configuration: Configuration;
  readonly engines: Engines;
  readonly waking: Waking;
  readonly sleeping: Sleeping;
  readonly upkeep: CertificateUpkeep;
  /** From now on changes of `workers` in the file are acted on. */
  attach(balancer: Pm2Balancer): void;
}

/** The socket for workers, the table, and all that it is made of; resolves after the first broadcast. */
async function openSources(
  options: PrimaryOptions,
  supervisor: Supervisor,
  opened: AsyncDisposableStack,
): Promise<Sources> {
  const { loaded, log, facts } = options;
  const files = statePaths(loaded.settings.paths.state);
  const left = await readLeftWorkers(files.workers);
  const server = await openServer(options, supervisor, opened);
  const record = new StateFile(files.primary, log);
  opened.defer(() => record.close());
  record.save(await describeInstance({ supervisorPid: supervisor.pid, pm2Home: options.pm2Home }));
  const ledger = new WorkerLedger(files.workers, log);
  opened.defer(() => ledger.close());
  opened.defer(server.onChange(() => ledger.record(server.workers())));

  const plane = await openPlane(
    options,
    {
      server,
      onPublished: (snapshot) => {
        certificates.want(snapshot);
        waking.published();
      },
    },
    opened,
  );
  const waking = openWaking(
    {
      log,
      snapshot: () => plane.snapshot,
      endpoints: () => configuration.settings.docker.engines,
      budget: () => configuration.settings.wake.budget,
      publish: (progress) => server.publishWaking(progress),
      answer: (worker, progress) => server.answerWake(worker, progress),
    },
    opened,
  );
  opened.defer(server.onWake((...words) => waking.waker.wake(...words)));
  const census = (): readonly WorkerStatus[] => balancer?.status().workers ?? [];
  const sleeping = await openSleeping(
    { log, workers: allWorkers({ server, census }), plane, waking, path: files.sleeping },
    opened,
  );
  const certificates = await openCertificates(options, { server, plane }, opened);
  const engines = new Engines({
    log,
    publish: (state) => {
      waking.follow(state);
      sleeping.follow(state);
      plane.setSource(state);
      configuration.updateDemo();
    },
    remove: (source) => {
      waking.forget(source);
      sleeping.forget(source);
      plane.removeSource(source);
    },
  });
  let balancer: Pm2Balancer | undefined;
  const configuration = new Configuration({
    loaded,
    facts,
    plane,
    log,
    ownPorts: () => servedPorts(left, server),
    hasEngine: () => engines.statuses().some(({ state }) => state === 'connected' || state === 'lost'),
    onSettings: (now, before) => {
      certificates.follow(now.acme);
      void followSettings({ now, before, engines, balancer, log });
    },
  });
  opened.defer(() => configuration.stop());
  await configuration.start();
  certificates.follow(configuration.settings.acme);
  opened.defer(() => engines.stop());
  await Promise.all([engines.follow(configuration.settings), startCertificateFiles(options, plane, opened)]);
  plane.awaitSources(await waitForKnownEngines(plane.snapshot, engines));
  configuration.updateDemo();
  // Before the first table, so that a restart takes no certificate away.
  await certificates.upkeep.start((set) => plane.setOrderedCertificates(set));
  await plane.open();
  const { upkeep } = certificates;
  return {
    server,
    plane,
    configuration,
    engines,
    waking,
    sleeping,
    upkeep,
    attach: (opening) => void (balancer = opening),
  };
}

async function collectWarnings(
  { loaded }: PrimaryOptions,
  configuration: Configuration,
  supervisor: Supervisor,
): Promise<() => string[]> {
  const migrate = tcpMigrateReqWarning(await readTcpMigrateReq());
  const gone = 'supervisor gone: PM2 was killed; everything serves on, start dproxy again to be supervised';
  return () => [
    ...loaded.warnings,
    ...configuration.notes,
    ...(migrate === undefined ? [] : [migrate]),
    ...(supervisor.isOurs ? [] : [gone]),
  ];
}
