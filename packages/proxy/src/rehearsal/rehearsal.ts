import {
  type Backend,
  candidateRoutes,
  canonicalHost,
  type CertificateMaterial,
  type Limits,
  type Log,
  ProxyError,
  type Snapshot,
  usedBackends,
} from '@dproxy/core';
import { compileSnapshot } from '../compile-snapshot.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import { Counters } from '../counters.ts';
import { DeadlineWheel } from '../deadline-wheel.ts';
import { HeadProgress, parseRequestHead } from '../http1/index.ts';
import { NameCache } from '../upstream/name-cache.ts';
import { UpstreamPools } from '../upstream/upstream-pools.ts';
import { RehearsalRun } from './rehearsal-run.ts';
import { NotingContexts } from './rehearse-tls.ts';
import type { Rehearsed, RehearsedRequest } from './rehearsed.ts';

/**
 * Plays a request through the phases of the data plane, with its own functions, as far as they only decide: parse, handshake,
 * what comes before routing, match, select. No socket is opened, nothing is remembered.
 */
export class Rehearsal {
  readonly #log: Log;
  readonly #wheel = new DeadlineWheel(() => undefined);
  readonly #pools: UpstreamPools;
  /** Keeps the table of certificates from one question to the next. */
  #compiled: CompiledSnapshot | undefined;

  constructor(log: Log) {
    this.#log = log;
    this.#pools = new UpstreamPools({ wheel: this.#wheel, counters: new Counters(), log, names: new NameCache() });
  }

  run(snapshot: Snapshot, material: ReadonlyMap<string, CertificateMaterial>, request: RehearsedRequest): Rehearsed {
    const compiled = this.#compile(snapshot, material, hostsOf(request, snapshot.settings.limits));
    return new RehearsalRun(compiled, request, new NotingContexts(this.#log)).result();
  }

  close(): void {
    this.#pools.destroy();
    this.#wheel.dispose();
  }

  /** Of a large table only what can matter. Answers like the whole: explain-routes.prop.test.ts of core. */
  #compile(
    snapshot: Snapshot,
    material: ReadonlyMap<string, CertificateMaterial>,
    hosts: readonly string[],
  ): CompiledSnapshot {
    const routes = new Map(
      hosts.flatMap((host) => candidateRoutes(snapshot.routes.values(), host)).map((route) => [route.id, route]),
    );
    const backends = new Map<string, Backend>();
    for (const route of routes.values()) {
      for (const { backendId } of usedBackends(route)) {
        const backend = snapshot.backends.get(backendId);
        if (backend !== undefined) backends.set(backendId, backend);
      }
    }
    const few: Snapshot = { ...snapshot, routes, backends };
    const context = { worker: { index: 0, count: 1 }, pools: this.#pools, log: this.#log, material };
    this.#compiled = compileSnapshot(few, { ...context, previous: this.#compiled });
    return this.#compiled;
  }
}

/** The names that routes are looked for by: of the head, and of the handshake. */
function hostsOf({ head, serverName }: RehearsedRequest, limits: Limits): readonly string[] {
  const asked = [hostOf(Buffer.from(head, 'latin1'), limits), canonicalHost(serverName)];
  return asked.filter((host) => host !== undefined);
}

/** Undefined: it is malformed, which the run says. */
function hostOf(bytes: Buffer, limits: Limits): string | undefined {
  try {
    return parseRequestHead(bytes, 0, bytes.length, limits, new HeadProgress())?.host;
  } catch (error) {
    if (error instanceof ProxyError) return undefined;
    throw error;
  }
}
