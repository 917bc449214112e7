import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assertListenable, createAdmin, ensureToken } from '@dproxy/admin';
import { CertificateFiles, LocalAuthority } from '@dproxy/certs';
import {
  becomePrimary,
  identify,
  instanceOf,
  loadStoredSnapshot,
  MAX_WORKERS,
  Pm2Balancer,
  Pm2Program,
  readBootId,
  readTcpMigrateReq,
  SnapshotServer,
  StoredSnapshot,
  Supervisor,
  tcpMigrateReqWarning,
  WantedSize,
} from '@dproxy/cluster';
import type { Facts, LoadedSettings, Settings } from '@dproxy/config';
import type { Inspector, Log, Snapshot } from '@dproxy/core';
import { banner } from './banner.ts';
import { Configuration } from './configuration.ts';
import { ControlPlane } from './control-plane.ts';
import { describeEngines } from './describe-engines.ts';
import { Engines } from './engines.ts';
import { inspect } from './inspection.ts';
import { markInstance } from './instance-marker.ts';
import { Metrics } from './metrics.ts';
import { OwnershipFile } from './ownership-file.ts';
import { PM2, ROOT, statePaths } from './paths.ts';
import { recordInstance } from './running-instance.ts';
import { readLeftWorkers, WorkerLedger, type LeftWorkers } from './worker-ledger.ts';

export interface PrimaryOptions {
  readonly loaded: LoadedSettings;
  readonly facts: Facts;
  readonly log: Log;
  /** PM2_HOME of the supervisor. */
  readonly pm2Home: string;
  /** Workers that ecosystem.config.js launches by itself. */
  readonly launchedWorkers: number;
  /** PATH and HOME, for PM2's command line. */
  readonly env: Readonly<Record<string, string>>;
  readonly print: (text: string) => void;
  /** Another primary has taken over: nothing is left to do. */
  readonly handedOver: () => void;
}

/** How long the first broadcast waits for an engine whose containers were served before the restart. */
const ENGINE_GRACE_MS = 10_000;
/** Hosts reserved for a project are free again after 24 h; leafs of the local CA are renewed long before they end. */
const REFRESH_MS = 60 * 60 * 1_000;

/**
 * The primary: everything that holds a privilege, in the order in which one thing needs another. What was opened is closed in
 * the opposite order by the returned stack; workers go on serving.
 * @throws PortError, PrimaryLockHeld, and whatever keeps the state folder from being used
 */
export async function startPrimary(options: PrimaryOptions): Promise<AsyncDisposableStack> {
  await using opened = new AsyncDisposableStack();
  const { loaded, log, facts } = options;
  const { settings } = loaded;
  const files = statePaths(settings.paths.state);
  await mkdir(settings.paths.state, { recursive: true, mode: 0o700 });
  opened.defer(await markInstance(ROOT, log));

  const supervisor = new Supervisor({ pm2Home: options.pm2Home, pid: process.ppid, parentPid: () => process.ppid });
  const left = await readLeftWorkers(files.workers);
  const server = await openServer(options, supervisor, opened);
  await recordInstance(files.primary, { supervisorPid: supervisor.pid, pm2Home: options.pm2Home });
  const ledger = new WorkerLedger(files.workers);
  opened.defer(() => ledger.close());
  opened.defer(server.onChange(() => ledger.record(server.workers())));

  const plane = await openPlane(options, server, opened);
  const engines = new Engines({
    log,
    publish: (state) => {
      plane.setSource(state);
      configuration.updateDemo();
    },
    remove: (source) => plane.removeSource(source),
  });
  let balancer: Pm2Balancer | undefined;
  const configuration = new Configuration({
    loaded,
    facts,
    plane,
    log,
    ownPorts: () => portsOf(left, server),
    hasEngine: () => engines.statuses().some(({ state }) => state === 'connected' || state === 'lost'),
    onSettings: (now, before) => void follow({ now, before, engines, balancer, log }),
  });
  opened.defer(() => configuration.stop());
  await configuration.start();

  opened.defer(() => engines.stop());
  await Promise.all([engines.follow(configuration.settings.docker), startCertificateFiles(options, plane, opened)]);
  await waitForKnownEngines(plane.snapshot, engines);
  configuration.updateDemo();
  await plane.open();

  const workers = await openBalancer(options, { server, supervisor, settings: configuration.settings });
  balancer = workers;
  opened.defer(() => workers.close());
  const migrate = tcpMigrateReqWarning(await readTcpMigrateReq());
  const warnings = (): string[] => [
    ...loaded.warnings,
    ...configuration.notes,
    ...(migrate === undefined ? [] : [migrate]),
    ...(supervisor.isOurs
      ? []
      : ['supervisor gone: PM2 was killed; everything serves on, start dproxy again to be supervised']),
  ];
  const inspector = inspect({
    plane,
    containers: () => engines.containers(),
    workers: () => server.workers(),
    warnings,
  });
  const api = await openAdmin(
    options,
    { balancer: workers, inspector, metrics: new Metrics({ server, inspector }), settings: configuration.settings },
    opened,
  );
  await writePid(settings.paths.pid, opened, log);
  options.print(
    banner({
      listeners: configuration.listeners,
      api,
      workers: workers.status().size,
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

async function openServer(
  { loaded, log, handedOver }: PrimaryOptions,
  supervisor: Supervisor,
  opened: AsyncDisposableStack,
): Promise<SnapshotServer> {
  const { paths } = loaded.settings;
  const instance = instanceOf(paths.state);
  const lock = await becomePrimary({
    lockPath: paths.lock,
    socketPath: paths.ipcSocket,
    instance,
    pid: process.pid,
    log,
  });
  opened.defer(() => lock.release());
  const server = new SnapshotServer({
    socketPath: paths.ipcSocket,
    instance,
    log,
    decideTakeover: () =>
      supervisor.isOurs
        ? { type: 'refused', reason: `pid ${process.pid} runs under a PM2 that lives` }
        : { type: 'granted' },
    release: () => lock.release(),
    handedOver,
  });
  await server.listen();
  opened.defer(() => server.close());
  return server;
}

async function openPlane(
  { loaded, log }: PrimaryOptions,
  server: SnapshotServer,
  opened: AsyncDisposableStack,
): Promise<ControlPlane> {
  const files = statePaths(loaded.settings.paths.state);
  const bootId = await readBootId();
  const stored = new StoredSnapshot({ path: files.snapshot, bootId, nowMs: Date.now, log });
  opened.defer(() => stored.close());
  const owners = new OwnershipFile(files.ownership, log);
  opened.defer(() => owners.close());
  const plane = new ControlPlane({
    log,
    authority: await LocalAuthority.open({ directory: files.localAuthority, log, now: Date.now }),
    nowMs: Date.now,
    previous: await loadPrevious(files.snapshot, bootId, log),
    ledger: await owners.load(),
    publish: (snapshot, material) => {
      server.publish(snapshot, material);
      stored.save(snapshot);
      log.info(
        { version: snapshot.version, routes: snapshot.routes.size, backends: snapshot.backends.size },
        'published',
      );
    },
    saveLedger: (ledger) => owners.save(ledger),
  });
  opened.defer(() => plane.close());
  return plane;
}

/** A damaged file costs the numbering of versions, not the start. */
async function loadPrevious(path: string, bootId: string, log: Log): Promise<Snapshot | undefined> {
  try {
    return await loadStoredSnapshot({ path, bootId, nowMs: Date.now });
  } catch (error) {
    log.warn({ path, error }, 'the stored table cannot be read; it is made anew');
    return undefined;
  }
}

async function startCertificateFiles(
  { loaded, log }: PrimaryOptions,
  plane: ControlPlane,
  opened: AsyncDisposableStack,
): Promise<void> {
  const directory = loaded.settings.paths.ssl;
  if (directory === '') return;
  const files = new CertificateFiles({ directory, log, now: Date.now });
  opened.defer(() => files.stop());
  await files.start((state) => plane.setCertificateFiles(state));
}

/** An engine that is away while we restart must not take its routes with it at once (design: "Processes"). */
async function waitForKnownEngines(previous: Snapshot | undefined, engines: Engines): Promise<void> {
  const served = new Set(
    [...(previous?.routes.values() ?? [])].flatMap(({ origins }) => origins.map(({ source }) => source)),
  );
  const isWaiting = (): boolean =>
    engines.statuses().some(({ engine, state }) => state === 'looking' && served.has(`docker:${engine}`));
  const deadline = Date.now() + ENGINE_GRACE_MS;
  while (isWaiting() && Date.now() < deadline) {
    // oxlint-disable-next-line no-await-in-loop -- polling with a deadline
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

interface BalancerParts {
  readonly server: SnapshotServer;
  readonly supervisor: Supervisor;
  readonly settings: Settings;
}

async function openBalancer(
  { pm2Home, launchedWorkers, env, log, facts }: PrimaryOptions,
  { server, supervisor, settings }: BalancerParts,
): Promise<Pm2Balancer> {
  const { pid, startTime } = await identify(supervisor.pid);
  return await Pm2Balancer.open({
    server,
    supervisor,
    pm2: new Pm2Program({ supervisor, nodePath: process.execPath, pm2Path: PM2, env: { ...env, PM2_HOME: pm2Home } }),
    wanted: new WantedSize(statePaths(settings.paths.state).balancer, `${pid} ${startTime}`),
    log,
    configuredSize: settings.workers.count,
    launchedSize: launchedWorkers,
    maxSize: facts.canSharePorts ? MAX_WORKERS : 1,
    drainMs: () => settings.worker.drainMs,
  });
}

/** What a change of the file means beside the table: engines and the number of workers. */
async function follow(change: {
  readonly now: Settings;
  readonly before: Settings;
  readonly engines: Engines;
  /** Undefined while we start: it will begin with the settings of then. */
  readonly balancer: Pm2Balancer | undefined;
  readonly log: Log;
}): Promise<void> {
  const { now, before, engines, balancer, log } = change;
  try {
    await engines.follow(now.docker);
    if (now.workers.count !== before.workers.count) await balancer?.resize(now.workers.count);
  } catch (error) {
    log.error({ error }, 'a change of the configuration cannot be followed');
  }
}

interface AdminParts {
  readonly balancer: Pm2Balancer;
  readonly inspector: Inspector;
  readonly metrics: Metrics;
  readonly settings: Settings;
}

/** A taken API port does not keep the sites from being served: it is said, and the rest goes on. */
async function openAdmin(
  { log }: PrimaryOptions,
  { balancer, inspector, metrics, settings: { api, paths } }: AdminParts,
  opened: AsyncDisposableStack,
): Promise<string> {
  const token = api.token === '' ? await ensureToken(paths.apiToken) : api.token;
  // Beyond loopback only with a token that somebody chose, not with the one that we wrote ourselves.
  for (const { host } of api.addresses) assertListenable(host, api.token);
  const bound = await Promise.all(
    api.addresses.map(async ({ host, port }) => {
      const admin = createAdmin({
        balancer,
        inspector,
        readMetrics: () => metrics.read(),
        token,
        tokenAlways: api.tokenAlways,
        log,
      });
      const address = await admin.listen(host, port);
      opened.defer(() => admin.close());
      return `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
    }),
  );
  return bound.join('   ');
}

async function writePid(path: string, opened: AsyncDisposableStack, log: Log): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${process.pid}\n`);
    opened.defer(() => rm(path, { force: true }));
  } catch (error) {
    log.warn({ path, error }, 'the PID file cannot be written');
  }
}

function portsOf(left: LeftWorkers, server: SnapshotServer): ReadonlySet<number> {
  const connected = server
    .workers()
    .flatMap(
      ({ listeners }) => listeners?.listeners.flatMap(({ addresses }) => addresses.map(({ port }) => port)) ?? [],
    );
  return new Set([...left.ports, ...connected]);
}
