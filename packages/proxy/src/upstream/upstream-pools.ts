import { type Backend, type Limits, mayBeConnected } from '@dproxy/core';
import type { UpstreamContext } from './upstream-connection.ts';
import { UpstreamPool } from './upstream-pool.ts';

export interface PoolRules {
  readonly limits: Limits;
  /** The same function as long as the same holds. */
  readonly isUsable: (backend: Backend) => boolean;
}

/** A backend that begins to drain, or is elsewhere now, still accepts within it what has come to it before. */
const LEAVING_CONNECT_MS = 1_000;

/** The pools of all backends that may be connected, if only by a route that panics; by backend id. */
export class UpstreamPools {
  readonly #context: Omit<UpstreamContext, 'bufferBytes'>;
  readonly #pools = new Map<string, UpstreamPool>();
  /** As they were last seen. */
  #backends: ReadonlyMap<string, Backend> = new Map();
  #limits: Limits | undefined;
  #isUsable: PoolRules['isUsable'] | undefined;
  readonly #retired = new Set<WeakRef<UpstreamPool>>();

  constructor(context: Omit<UpstreamContext, 'bufferBytes'>) {
    this.#context = context;
  }

  get(backendId: string): UpstreamPool | undefined {
    return this.#pools.get(backendId);
  }

  /**
   * Follows the backends of a Snapshot. A backend that is gone, drains, is not ready, or elsewhere now loses its idle connections
   * at once: Docker gives a removed container's address to the next one, and a kept connection could be another tenant's.
   *
   * Backends that are the same objects as before are not looked at: one change among 100,000 costs a walk over them.
   *
   * @returns ids of the backends that have another pool now, or none any more
   */
  update(backends: ReadonlyMap<string, Backend>, { limits, isUsable }: PoolRules): ReadonlySet<string> {
    const changed = new Set<string>();
    const isSameRules = limits === this.#limits && isUsable === this.#isUsable;
    if (backends === this.#backends && isSameRules) return changed;
    if (limits !== this.#limits) for (const pool of this.#pools.values()) pool.setLimits(limits);
    for (const [id, backend] of backends) {
      if (isSameRules && this.#backends.get(id) === backend) continue;
      if (this.#put(id, backend, { limits, isUsable })) changed.add(id);
    }
    for (const id of this.#pools.keys()) if (!backends.has(id) && this.#remove(id, undefined)) changed.add(id);
    this.#backends = backends;
    this.#limits = limits;
    this.#isUsable = isUsable;
    this.#forgetCollected();
    return changed;
  }

  destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    for (const reference of this.#retired) reference.deref()?.destroy();
    this.#retired.clear();
  }

  /** @returns whether the backend has another pool now, or none any more */
  #put(id: string, backend: Backend, { limits, isUsable }: PoolRules): boolean {
    if (!isReachable(backend) || !isUsable(backend)) return this.#remove(id, backend);
    const known = this.#pools.get(id);
    if (known !== undefined && isSameService(known.backend, backend)) return false;
    this.#remove(id, backend);
    this.#pools.set(id, new UpstreamPool(backend, { ...this.#context, bufferBytes: limits.bufferBytes }, limits));
    return true;
  }

  /** @param now undefined: it has left the table */
  #remove(id: string, now: Backend | undefined): boolean {
    const pool = this.#pools.get(id);
    if (pool === undefined) return false;
    this.#pools.delete(id);
    pool.retire(hasEnded(pool.backend, now) ? 0 : LEAVING_CONNECT_MS);
    if (pool.openCount > 0) this.#retired.add(new WeakRef(pool));
    return true;
  }

  #forgetCollected(): void {
    for (const reference of this.#retired) {
      const pool = reference.deref();
      if (pool === undefined || pool.openCount === 0) this.#retired.delete(reference);
    }
  }
}

/**
 * The address of a container that has ended answers nobody, not even with a refusal: who waits for it would be told after seconds,
 * or get through to whoever has the address next.
 */
function hasEnded({ containerId }: Backend, now: Backend | undefined): boolean {
  return containerId !== '' && (now === undefined || now.address === '');
}

function isReachable({ state, address }: Backend): boolean {
  return mayBeConnected({ state }) || (state === 'unhealthy' && address !== '');
}

/** The name counts, too: `x-debug-backend` and the log show it. So does the state: what drains keeps no idle connection. */
function isSameService(a: Backend, b: Backend): boolean {
  return (
    a.state === b.state &&
    a.address === b.address &&
    a.port === b.port &&
    a.protocol === b.protocol &&
    a.tlsVerify === b.tlsVerify &&
    a.proxyProtocol === b.proxyProtocol &&
    a.name === b.name
  );
}
