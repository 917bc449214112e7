import {
  type AddressMatcher,
  type Backend,
  type BackendRef,
  type CertificateMaterial,
  type Limits,
  type Log,
  type Route,
  type RouteTable,
  type Snapshot,
  type WorkerSettings,
  type WorkerSlot,
  compileCidrs,
  compileRoutes,
  readyShares,
  refusedAddress,
  RoundRobin,
} from '@dproxy/core';
import { fixedAnswer } from './exchange/fixed-answer.ts';
import { type CompiledRouteHeaders, compileHeaderRules } from './http1/index.ts';
import { TlsContexts } from './listeners/tls-contexts.ts';
import { compilePages, type Page, type Pages } from './pages/index.ts';
import type { UpstreamPool } from './upstream/upstream-pool.ts';
import type { UpstreamPools } from './upstream/upstream-pools.ts';

/** A route with everything that a request needs of it prepared. */
export interface CompiledRoute extends Pick<Route, 'id' | 'host' | 'path' | 'audience' | 'listeners' | 'fallThrough'> {
  readonly route: Route;
  /** Empty for routes that do not forward. */
  readonly balance: RoundRobin<UpstreamPool>;
  readonly headers: CompiledRouteHeaders;
  /** Of a route that does not forward. */
  readonly fixedAnswer: Page | undefined;
  readonly connectMs: number;
  readonly responseMs: number;
  readonly idleMs: number;
}

/** A Snapshot as the data plane uses it. Immutable but for the positions of the balancing. */
export interface CompiledSnapshot {
  readonly version: number;
  readonly settings: WorkerSettings;
  readonly limits: Limits;
  readonly routes: ReadonlyMap<string, CompiledRoute>;
  readonly table: RouteTable<CompiledRoute>;
  /** Of the `tcp` listeners, by listener id. */
  readonly tcp: ReadonlyMap<string, RoundRobin<UpstreamPool>>;
  readonly tls: TlsContexts;
  readonly pages: Pages;
  readonly isTrusted: AddressMatcher;
  readonly isDebugClient: AddressMatcher;
  readonly isLocalNamesClient: AddressMatcher;
}

export interface CompileContext {
  readonly worker: WorkerSlot;
  readonly pools: UpstreamPools;
  readonly log: Log;
  readonly material: ReadonlyMap<string, CertificateMaterial>;
  /** What served until now: turns of the balancing go on from there. */
  readonly previous: CompiledSnapshot | undefined;
}

/** Pays once what requests would pay: matchers, header rules, pages, pools. A bad route is left out and logged, alone. */
export function compileSnapshot(snapshot: Snapshot, context: CompileContext): CompiledSnapshot {
  const { settings } = snapshot;
  const backends = usableBackends(snapshot, context.log);
  context.pools.update(backends, settings.limits);
  const routes = new Map<string, CompiledRoute>();
  for (const [id, route] of snapshot.routes) {
    const compiled = compileRoute(route, backends, settings.limits, context);
    if (compiled !== undefined) routes.set(id, compiled);
  }
  const tcp = new Map<string, RoundRobin<UpstreamPool>>();
  for (const { id, protocol, backends: refs } of snapshot.listeners.values()) {
    if (protocol === 'tcp') tcp.set(id, balanceOf(refs, backends, context, context.previous?.tcp.get(id)));
  }
  const { log, material, previous } = context;
  return {
    version: snapshot.version,
    settings,
    limits: settings.limits,
    routes,
    table: compileRoutes(routes.values()),
    tcp,
    tls: new TlsContexts(snapshot.certificates.values(), material, { log, previous: previous?.tls }),
    pages: compilePages(snapshot.pages),
    isTrusted: compileCidrs(settings.trustedProxies),
    isDebugClient: compileCidrs(settings.debugClients),
    isLocalNamesClient: compileCidrs(settings.localNamesClients),
  };
}

/**
 * The last gate against a container that names a metadata service or dproxy itself as its backend (SSRF by label): such a
 * backend is never connected to, whatever the primary said.
 */
function usableBackends({ backends, settings }: Snapshot, log: Log): ReadonlyMap<string, Backend> {
  const usable = new Map<string, Backend>();
  for (const [id, backend] of backends) {
    const reason =
      backend.containerId === '' ? undefined : refusedAddress(backend.address, backend.port, settings.ownAddresses);
    if (reason === undefined) usable.set(id, backend);
    else log.warn({ backend: id, address: backend.address, port: backend.port }, `this backend is refused: ${reason}`);
  }
  return usable;
}

function compileRoute(
  route: Route,
  backends: ReadonlyMap<string, Backend>,
  limits: Limits,
  context: CompileContext,
): CompiledRoute | undefined {
  const { id, host, path, audience, listeners, fallThrough, timeouts } = route;
  try {
    const refs = route.action.type === 'forward' ? route.action.backends : [];
    return {
      id,
      host,
      path,
      audience,
      listeners,
      fallThrough,
      route,
      balance: balanceOf(refs, backends, context, context.previous?.routes.get(id)?.balance),
      headers: compileHeaderRules(route.headers),
      fixedAnswer: fixedAnswer(route.action),
      connectMs: timeouts.connectMs || limits.upstreamConnectMs,
      responseMs: timeouts.responseMs || limits.upstreamResponseMs,
      idleMs: timeouts.idleMs || limits.upstreamIdleMs,
    };
  } catch (error) {
    context.log.error({ err: error, route: id }, 'this route cannot be served');
    return undefined;
  }
}

function balanceOf(
  refs: readonly BackendRef[],
  backends: ReadonlyMap<string, Backend>,
  { worker, pools }: CompileContext,
  previous: RoundRobin<UpstreamPool> | undefined,
): RoundRobin<UpstreamPool> {
  const shares = readyShares(refs, backends).flatMap((share) => {
    const target = pools.get(share.id);
    return target === undefined ? [] : [{ id: share.id, weight: share.weight, target }];
  });
  return new RoundRobin(shares, worker, previous);
}
