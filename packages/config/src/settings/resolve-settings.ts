import { dirname, isAbsolute, resolve } from 'node:path';
import {
  DEFAULT_HTTPS,
  DEFAULT_LIMITS,
  type EngineEndpoint,
  type ListenAddress,
  type Limits,
  type Listener,
} from '@dproxy/core';
import type { FileSettings, ParsedFile } from '../file/parsed-file.ts';
import type { EngineEntry } from '../schema/docker.ts';
import { defaultEngine, toEndpoint } from './engine-from-environment.ts';
import type { Facts } from './facts.ts';
import type { Environment } from './inputs.ts';
import { resolveAcme } from './resolve-acme.ts';
import { bindAddresses, planListeners } from './plan-listeners.ts';
import { resolveStatistics, statisticsProblems } from './resolve-statistics.ts';
import { resolveDialects } from './resolve-dialects.ts';
import { resolveWake } from './resolve-wake.ts';
import { resolveTlsHosts, resolveTlsProfile } from './resolve-tls.ts';
import { isLoopbackOnly, type Overrides } from './read-environment.ts';
import type { ApiSettings, DockerSettings, Problem, Settings } from './settings.ts';

const API_PORT = 16_000;
const LOOPBACK = '127.0.0.1';
const DRAIN_MS = 30_000;

export interface Surroundings {
  readonly env: Environment;
  readonly facts: Facts;
  readonly overrides: Overrides;
}

export interface Resolved {
  readonly settings: Settings;
  /** Of flags and variables, and of what they and the file make together. Non-empty: dproxy must not start. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Flags beat environment, environment beats the file, the file beats defaults. Pure. */
export function resolveSettings({ env, facts, overrides }: Surroundings, file: ParsedFile | null): Resolved {
  const said = file?.settings ?? {};
  const fromFile = (path: string) => (isAbsolute(path) ? path : resolve(dirname(overrides.config.path), path));
  const api = resolveApi(said, overrides);
  const statistics = resolveStatistics(said.listen?.stats);
  const workers = resolveWorkers(said, overrides, facts);
  const settings: Settings = {
    config: overrides.config,
    listeners: planListeners(said.listen ?? {}, overrides),
    streamListeners: streamListeners(file, overrides),
    allowedPorts: said.allowedPorts ?? [],
    api,
    statistics,
    workers: { count: workers.count, isSilent: overrides.isSilent },
    docker: resolveDocker(said, { env, facts, overrides }, fromFile),
    wake: resolveWake(said.wake),
    acme: resolveAcme(said.acme, fromFile),
    https: { ...DEFAULT_HTTPS, ...said.https },
    tlsHosts: resolveTlsHosts(said.tls, fromFile),
    ownership: said.ownership ?? 'shared',
    fallThrough: said.wildcards?.fallThrough ?? true,
    plugins: Object.entries(said.plugins ?? {}).map(([name, { module, options }]) => ({
      name,
      options,
      module: /^\.{1,2}\//.test(module) ? fromFile(module) : module,
    })),
    pages: said.pages === undefined ? '' : fromFile(said.pages),
    log: { level: said.log?.level ?? 'info', folder: said.log?.folder === undefined ? '' : fromFile(said.log.folder) },
    paths: overrides.paths,
    worker: resolveWorker(said, facts),
  };
  return {
    settings,
    problems: [...overrides.problems, ...apiProblems(api), ...statisticsProblems(statistics, api)],
    warnings: [...overrides.warnings, ...workers.warnings],
  };
}

function resolveWorker(said: FileSettings, { hostname }: Facts): Settings['worker'] {
  return {
    trustedProxies: said.trustedProxies ?? [],
    debugClients: said.debug?.clients ?? [],
    debugHeaders: said.headers?.debug ?? true,
    localNamesClients: said.localNames?.clients ?? [],
    accessLog: said.accessLog ?? false,
    serverName: hostname,
    limits: { ...DEFAULT_LIMITS, ...(said.limits as Partial<Limits> | undefined) },
    drainMs: said.drain ?? DRAIN_MS,
    passChallenges: said.acme?.passChallenges ?? false,
    tls: {
      profile: resolveTlsProfile(said.tls),
      onDemand: said.acme?.onDemand !== undefined && said.acme.email !== undefined,
    },
  };
}

function resolveWorkers(said: FileSettings, { workers }: Overrides, facts: Facts) {
  const wanted = workers ?? said.workers ?? 'auto';
  const count = wanted === 'auto' ? Math.min(256, Math.max(1, facts.cpuCount)) : wanted;
  if (facts.canSharePorts || count === 1) return { count, warnings: [] };
  const warnings =
    wanted === 'auto' ? [] : [`one worker instead of ${count}: this system cannot share a port between processes`];
  return { count: 1, warnings };
}

function resolveApi(said: FileSettings, { apiHost, apiPort, apiToken }: Overrides): ApiSettings {
  const base = said.listen?.api ?? [{ host: LOOPBACK, port: API_PORT }];
  // A bare port means loopback here: nobody opens the admin API to the world by writing `api: 16000`.
  const addresses = base.map(({ host, port }) => ({
    host: apiHost ?? (host === '' ? LOOPBACK : host),
    port: apiPort ?? port,
  }));
  return {
    addresses: unique(addresses),
    token: apiToken,
    tokenAlways: said.api?.tokenAlways ?? false,
    containers: said.api?.containers ?? [],
    containerLimits: resolveContainerLimits(said.api?.containerLimits ?? {}),
  };
}

type SaidContainerLimits = NonNullable<NonNullable<FileSettings['api']>['containerLimits']>;

function resolveContainerLimits(said: SaidContainerLimits): ApiSettings['containerLimits'] {
  const { memory = 536_870_912, processes = 256, count = 16, perMinute = 30 } = said;
  return { memory, processes, count, perMinute };
}

function apiProblems({ addresses, token }: ApiSettings): Problem[] {
  if (token !== '' || isLoopbackOnly(addresses)) return [];
  const open = addresses.filter((address) => !isLoopbackOnly([address])).map(({ host, port }) => `${host}:${port}`);
  return [
    {
      path: 'listen.api (DOCKER_PROXY_API_HOST)',
      got: open.join(', '),
      expected: 'a loopback address, or a token',
      fix: 'Set DOCKER_PROXY_API_TOKEN to a long random text, or let the API listen on 127.0.0.1.',
    },
  ];
}

function resolveDocker(
  said: FileSettings,
  { env, facts, overrides }: Surroundings,
  fromFile: (path: string) => string,
): DockerSettings {
  const named = overrides.engines ?? said.docker?.engines?.map((engine) => fileEngine(engine, fromFile));
  return {
    engines: named ?? [defaultEngine(env, facts)],
    isNamed: named !== undefined,
    trustImages: said.docker?.trustImages ?? false,
    exposedByDefault: said.docker?.exposedByDefault ?? true,
    readiness: said.docker?.readiness ?? true,
    dialects: resolveDialects(said.docker?.dialects, fromFile),
  };
}

function fileEngine(engine: EngineEntry, fromFile: (path: string) => string): EngineEndpoint {
  const certPath = engine.certPath === '' ? '' : fromFile(engine.certPath);
  return toEndpoint(engine, { isTls: engine.isHttps || certPath !== '', certPath, verify: engine.tlsVerify });
}

/** Several entries may share one. */
function streamListeners(file: ParsedFile | null, overrides: Overrides): Listener[] {
  const all = [...(file?.tcp ?? []), ...(file?.udp ?? [])].flatMap(({ listener }) => listener ?? []);
  return [...new Map(all.map((listener) => [listener.id, bindListener(listener, overrides)])).values()];
}

function bindListener(listener: Listener, { bindHosts }: Overrides): Listener {
  return { ...listener, addresses: unique(bindAddresses(listener.addresses, bindHosts)) };
}

function unique(addresses: readonly ListenAddress[]): ListenAddress[] {
  return [...new Map(addresses.map((address) => [`${address.host} ${address.port}`, address])).values()];
}
