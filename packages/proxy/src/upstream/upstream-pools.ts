import type { Backend, Limits } from '@dproxy/core';
import type { UpstreamContext } from './upstream-connection.ts';
import { UpstreamPool } from './upstream-pool.ts';

/** The pools of all backends that are ready, by backend id. */
export class UpstreamPools {
  readonly #context: Omit<UpstreamContext, 'bufferBytes'>;
  #pools = new Map<string, UpstreamPool>();
  readonly #retired = new Set<WeakRef<UpstreamPool>>();

  constructor(context: Omit<UpstreamContext, 'bufferBytes'>) {
    this.#context = context;
  }

  get(backendId: string): UpstreamPool | undefined {
    return this.#pools.get(backendId);
  }

  /**
   * Follows the backends of a Snapshot. A backend that is gone, not ready, or elsewhere now loses its idle connections at
   * once: Docker gives a removed container's address to the next one, and a kept connection could be another tenant's.
   */
  update(backends: ReadonlyMap<string, Backend>, limits: Limits): void {
    const next = new Map<string, UpstreamPool>();
    for (const [id, backend] of backends) {
      if (backend.state !== 'ready') continue;
      next.set(id, this.#poolFor(backend, limits));
    }
    for (const [id, pool] of this.#pools) {
      if (next.get(id) === pool) continue;
      pool.retire();
      if (pool.openCount > 0) this.#retired.add(new WeakRef(pool));
    }
    this.#pools = next;
    this.#forgetCollected();
  }

  destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    for (const reference of this.#retired) reference.deref()?.destroy();
    this.#retired.clear();
  }

  #poolFor(backend: Backend, limits: Limits): UpstreamPool {
    const known = this.#pools.get(backend.id);
    if (known !== undefined && isSameEndpoint(known.backend, backend)) {
      known.setLimits(limits);
      return known;
    }
    return new UpstreamPool(backend, { ...this.#context, bufferBytes: limits.bufferBytes }, limits);
  }

  #forgetCollected(): void {
    for (const reference of this.#retired) {
      const pool = reference.deref();
      if (pool === undefined || pool.openCount === 0) this.#retired.delete(reference);
    }
  }
}

/** The name counts, too: `x-debug-backend` and the log show it. */
function isSameEndpoint(a: Backend, b: Backend): boolean {
  return (
    a.address === b.address &&
    a.port === b.port &&
    a.protocol === b.protocol &&
    a.tlsVerify === b.tlsVerify &&
    a.name === b.name
  );
}
