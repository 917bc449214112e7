import type { Backend, BackendRef } from '@dproxy/core';
import { formatUpstream, isEncrypted, type Target } from '../schema/upstream-url.ts';

/**
 * Backends of a list of targets. The same target in two entries is one backend, so that its connections are shared; with
 * `tlsVerify: false` it is another one, or an unverified connection would serve a route that asked for verification, and
 * so it is with a PROXY header. One that may sleep is another one, too: a route that does not wake it knows nothing of that.
 */
export function buildBackends(
  targets: readonly Target[],
  { tlsVerify, wakes }: { readonly tlsVerify: boolean; readonly wakes?: string | undefined },
): { readonly refs: readonly BackendRef[]; readonly backends: readonly Backend[] } {
  const backends = new Map<string, Backend>();
  const weights = new Map<string, number>();
  for (const { upstream, weight, proxyProtocol } of targets) {
    const url = formatUpstream(upstream);
    const isVerified = tlsVerify || !isEncrypted(upstream.protocol);
    const header = proxyProtocol === '' ? '' : `#proxy-${proxyProtocol}`;
    const group = wakes === undefined ? '' : `#wakes-${wakes}`;
    const id = `file:${url}${isVerified ? '' : '#unverified'}${header}${group}`;
    // A target that is listed twice has a double share.
    weights.set(id, Math.min(1_000, (weights.get(id) ?? 0) + weight));
    backends.set(id, {
      id,
      name: url,
      ...upstream,
      state: 'ready',
      reason: '',
      tlsVerify: isVerified,
      proxyProtocol,
      containerId: '',
    });
  }
  const refs = [...weights].map(([backendId, weight]) => ({ backendId, weight }));
  return { refs, backends: [...backends.values()] };
}

/** Each once: those of a route and of its filters may be the same. */
export function uniqueBackends(backends: readonly Backend[]): readonly Backend[] {
  return [...new Map(backends.map((backend) => [backend.id, backend])).values()];
}
