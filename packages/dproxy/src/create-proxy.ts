import { CertificateFiles, LocalAuthority } from '@dproxy/certs';
import { formatProblem, gatherFacts, loadSettings, parseFile, type Facts, type Settings } from '@dproxy/config';
import type { DataPlane, Log, TlsPolicy } from '@dproxy/core';
import { ApplicationPath, createDataPlane, PluginLoader } from '@dproxy/proxy';
import { ClientAuthorities } from './client-authorities.ts';
import { ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { decideListeners } from './decide-listeners.ts';
import { Engines } from './engines.ts';
import { toFrame } from './frame.ts';
import { createLog } from './log.ts';
import { readPagesFolder } from './pages-folder.ts';
import { statePaths } from './paths.ts';
import { rotateTicketKeys } from './rotate-ticket-keys.ts';
import { openSleeping, type Sleeping } from './sleeping/open-sleeping.ts';
import { OwnWorker } from './sleeping/own-worker.ts';
import { openWaking, type Waking } from './waking/open-waking.ts';

/** The content of a dproxy.yml as a value; docs/configuration.md describes it. */
export type ProxySettings = Readonly<Record<string, unknown>>;

export interface ProxyOptions {
  /** Default: JSON lines on stdout. */
  readonly log?: Log;
  /**
   * Puts containers to sleep that this proxy sees no traffic for, as their `idle` says, and starts them for their `awake` times.
   * Default false: it sees nothing of what another dproxy of the same engine serves, and would stop what is in use there.
   */
  readonly idleStop?: boolean;
}

/** An address that is served, with the real port. */
export interface ServedAddress {
  readonly listener: string;
  readonly host: string;
  readonly port: number;
}

export interface Proxy {
  /**
   * Resolves when the first table is in force and the listeners are open.
   * @throws TypeError with every part of the settings that is refused
   * @throws PortError when a named port cannot be had
   */
  listen(): Promise<readonly ServedAddress[]>;
  /** Drains for as long as `drain` says, then ends. Idempotent; `listen` may follow. */
  close(): Promise<void>;
  readonly log: Log;
  /** `log.debug` without fields. */
  debug(message: string): void;
}

/**
 * dproxy in one process: sources, table and data plane, without PM2, primary, admin API or dproxy.yml. Of the environment only
 * what says where the engine and the state folder are counts: PORT and the like belong to the program.
 */
export function createProxy(settings: ProxySettings = {}, options: ProxyOptions = {}): Proxy {
  const log = options.log ?? createLog('dproxy', 'info');
  let running: Promise<Running> | undefined;
  return {
    log,
    debug: (message) => log.debug({}, message),
    async listen() {
      if (running !== undefined) throw new Error('this proxy listens already: close it first');
      running = open(settings, { log, idleStop: options.idleStop ?? false });
      try {
        return (await running).addresses;
      } catch (error) {
        running = undefined;
        throw error;
      }
    },
    async close() {
      const closing = running;
      // A `listen` that has not come to its end is waited for; one that failed has nothing to close.
      const opened = await closing?.then((result) => result.opened).catch(() => undefined);
      await opened?.disposeAsync();
      if (running === closing) running = undefined;
    },
  };
}

interface Running {
  readonly opened: AsyncDisposableStack;
  readonly addresses: readonly ServedAddress[];
}

async function open(values: ProxySettings, { log, idleStop }: Required<ProxyOptions>): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const facts = gatherFacts(process.cwd());
  const { settings, state } = readSettings(values, facts);
  const { listeners } = await decideListeners(settings.listeners, new Set());
  const dataPlane = createDataPlane({
    log,
    reusePort: false,
    onAccessLog: (entry) => log.info(entry, 'request'),
    applicationPath: new ApplicationPath({ loader: new PluginLoader({ baseFolder: facts.cwd }), log }),
    onWake: (group, client) => waking.waker.wake(group, client, process.pid),
  });
  opened.defer(() => dataPlane.close());
  opened.defer(async () => void (await dataPlane.drain(settings.worker.drainMs)));
  opened.defer(rotateTicketKeys((keys) => dataPlane.setTicketKeys(keys)));

  const firstTable = Promise.withResolvers<void>();
  const worker = new OwnWorker(dataPlane);
  const apply = applyTo(dataPlane, log, {
    onApplied: (version) => {
      worker.serves(version);
      firstTable.resolve();
    },
    onFailed: firstTable.reject,
  });
  const plane = new ControlPlane({
    log,
    authority: await LocalAuthority.open({
      directory: statePaths(settings.paths.state).localAuthority,
      log,
      now: Date.now,
    }),
    nowMs: Date.now,
    previous: undefined,
    ledger: new Map(),
    publish: (...table) => {
      apply(...table);
      waking.published();
    },
    saveLedger: () => {},
  });
  opened.defer(() => plane.close());
  const waking = openWaking(
    {
      log,
      snapshot: () => plane.snapshot,
      endpoints: () => settings.docker.engines,
      budget: () => settings.wake.budget,
      publish: (progress) => dataPlane.waking(progress),
      answer: (_, progress) => dataPlane.waking(progress),
    },
    opened,
  );
  const path = statePaths(settings.paths.state).sleeping;
  const sleeping = idleStop ? await openSleeping({ log, workers: worker, plane, waking, path }, opened) : undefined;
  const folder = await readPagesFolder(settings.pages);
  const tlsPolicies = await readTlsPolicies(settings);
  plane.setFrame(toFrame({ settings, facts, listeners, pages: folder.pages, tlsPolicies, rejected: folder.rejected }));
  plane.setSource(state);
  await followSources(settings, { plane, waking, sleeping, log, opened });
  await plane.open();
  await firstTable.promise;
  const addresses = [...dataPlane.addresses()].flatMap(([listener, bound]) => bound.map((at) => ({ listener, ...at })));
  return { opened: opened.move(), addresses };
}

/** @throws TypeError: nobody is there to see a rejection, and a host must not be served without what it asks for */
async function readTlsPolicies({ tlsHosts }: Settings): Promise<readonly TlsPolicy[]> {
  const { policies, rejected } = await new ClientAuthorities().read(tlsHosts, 'createProxy()');
  const [first] = rejected;
  if (first !== undefined) throw new TypeError(`createProxy: ${first.message}; expected ${first.expected}`);
  return policies;
}

function readSettings(values: ProxySettings, facts: Facts) {
  const loaded = loadSettings({
    env: pickVariables(process.env),
    flags: {},
    facts: { ...facts, fileExists: () => false },
    nowMs: Date.now(),
  });
  // JSON is YAML: the same parser, checks and messages as for a file.
  const file = parseFile({ path: 'createProxy()', text: JSON.stringify(values, undefined, 2), seenMs: Date.now() });
  if (file.rejected.length > 0) {
    const lines = file.rejected.map(({ message, expected }) => `${message}; expected ${expected}`);
    throw new TypeError(`createProxy: ${lines.join('\n')}`);
  }
  const { settings, problems } = loaded.resolve(file);
  if (problems.length > 0) throw new TypeError(`createProxy: ${problems.map(formatProblem).join('\n')}`);
  const streams = [...file.tcp, ...file.udp].map(({ stream }) => stream);
  const state = { source: 'file:createProxy()', definitions: file.definitions, streams, rejected: [] };
  return { settings, state };
}

const VARIABLES = [
  'DOCKER_PROXY_STATE_PATH',
  'XDG_STATE_HOME',
  'XDG_RUNTIME_DIR',
  'DOCKER_HOST',
  'DOCKER_SOCK_PATH',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
];

function pickVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

interface Parts {
  readonly plane: ControlPlane;
  readonly waking: Waking;
  readonly sleeping: Sleeping | undefined;
  readonly log: Log;
  readonly opened: AsyncDisposableStack;
}

async function followSources(settings: Settings, { plane, waking, sleeping, log, opened }: Parts): Promise<void> {
  const engines = new Engines({
    log,
    publish: (state) => {
      waking.follow(state);
      sleeping?.follow(state);
      plane.setSource(state);
    },
    remove: (source) => {
      waking.forget(source);
      sleeping?.forget(source);
      plane.removeSource(source);
    },
  });
  opened.defer(() => engines.stop());
  await engines.follow(settings);
  if (settings.paths.ssl === '') return;
  const files = new CertificateFiles({ directory: settings.paths.ssl, log, now: Date.now });
  opened.defer(() => files.stop());
  await files.start((state) => plane.setCertificateFiles(state));
}

interface Applied {
  readonly onApplied: (version: number) => void;
  readonly onFailed: (error: unknown) => void;
}

/** `DataPlane.apply` takes one table after the other by itself. The first one that fails makes `listen` fail. */
function applyTo(dataPlane: DataPlane, log: Log, { onApplied, onFailed }: Applied): ControlPlaneOptions['publish'] {
  const apply = async (...[snapshot, material]: Parameters<DataPlane['apply']>): Promise<void> => {
    const { failed } = await dataPlane.apply(snapshot, material);
    for (const entry of failed) log.error({ ...entry }, 'a listener cannot be opened');
    onApplied(snapshot.version);
  };
  return (snapshot, material) => {
    apply(snapshot, material).catch((error: unknown) => {
      log.error({ error }, 'a table cannot be applied');
      onFailed(error);
    });
  };
}
