import { type Backend, type BackendRef, type Origin, type RouteAction, type RouteDefinition } from '@dproxy/core';
import type { RouteEntry } from '../schema/route-entry.ts';
import { formatUpstream, isEncrypted, type Target } from '../schema/upstream-url.ts';

const NO_HEADERS = { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] };

/** Stable as long as an entry keeps its hosts and its path, wherever in the file it stands. */
export function routeId(hosts: readonly string[], path: string): string {
  return `${[...hosts].sort().join(',')}${path}`;
}

/** Turns a valid entry into what the merge of all sources takes. */
export function buildRoute(entry: RouteEntry, origin: Origin, sinceMs: number): RouteDefinition {
  const path = entry.path ?? '/';
  const hosts = [...new Set(entry.host)];
  const { action, backends } = buildAction(entry);
  return {
    id: routeId(hosts, path),
    origin,
    hosts,
    path,
    action,
    backends,
    sinceMs,
    audience: 'everyone',
    headers: entry.headers ?? NO_HEADERS,
    timeouts: {
      connectMs: entry.timeouts?.connect ?? 0,
      responseMs: entry.timeouts?.response ?? 0,
      idleMs: entry.timeouts?.idle ?? 0,
    },
    plugins: entry.plugins ?? [],
    listeners: entry.listeners ?? [],
    https: entry.https ?? {},
    ...(entry.fallThrough === undefined ? {} : { fallThrough: entry.fallThrough }),
  };
}

interface Built {
  readonly action: RouteAction;
  readonly backends: readonly Backend[];
}

function buildAction({ to, respond, redirect, tlsVerify }: RouteEntry): Built {
  if (to !== undefined) {
    const { refs, backends } = buildBackends(to, tlsVerify ?? true);
    return { action: { type: 'forward', backends: refs }, backends };
  }
  if (redirect !== undefined) return { action: { type: 'redirect', ...redirect }, backends: [] };
  const body = respond?.body ?? '';
  const headers = respond?.headers ?? [];
  const isTyped = body === '' || headers.some(([name]) => name === 'content-type');
  const typed: typeof headers = isTyped ? headers : [...headers, ['content-type', 'text/plain; charset=utf-8']];
  return { action: { type: 'respond', status: respond?.status ?? 200, body, headers: typed }, backends: [] };
}

/**
 * Backends of a list of targets. The same target in two entries is one backend, so that its connections are shared; with
 * `tlsVerify: false` it is another one, or an unverified connection would serve a route that asked for verification, and
 * so it is with a PROXY header.
 */
export function buildBackends(
  targets: readonly Target[],
  tlsVerify: boolean,
): { readonly refs: readonly BackendRef[]; readonly backends: readonly Backend[] } {
  const backends = new Map<string, Backend>();
  const weights = new Map<string, number>();
  for (const { upstream, weight, proxyProtocol } of targets) {
    const url = formatUpstream(upstream);
    const isVerified = tlsVerify || !isEncrypted(upstream.protocol);
    const header = proxyProtocol === '' ? '' : `#proxy-${proxyProtocol}`;
    const id = `file:${url}${isVerified ? '' : '#unverified'}${header}`;
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
