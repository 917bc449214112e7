import { matchHash, type Backend, type Origin, type RouteAction, type RouteDefinition } from '@dproxy/core';
import { NO_MATCH } from '../schema/match.ts';
import type { RouteEntry } from '../schema/route-entry.ts';
import type { FilterDraft } from '../schema/filters/filter-draft.ts';
import { buildBackends, uniqueBackends } from './build-backends.ts';
import { buildFilters } from './build-filters.ts';

const NO_HEADERS = { requestSet: [], requestRemove: [], responseSet: [], responseRemove: [] };

/** What of an entry says which requests are its own. */
export type EntryMatch = Pick<RouteEntry, 'path' | 'match' | 'listeners'>;

/** Stable as long as an entry keeps its hosts and what it matches, wherever in the file it stands. */
export function routeId(hosts: readonly string[], entry: EntryMatch): string {
  return [...hosts].sort().join(',') + matchKey(entry);
}

/** Two entries with the same one are for the same requests, where they share a host. */
export function matchKey(entry: EntryMatch): string {
  return routePath(entry) + matchHash({ ...(entry.match ?? NO_MATCH), listeners: entry.listeners ?? [] });
}

/** Whole segments need no slash at the end. */
export function routePath({ path = '/', match }: EntryMatch): string {
  const isPlain = (match ?? NO_MATCH).pathMatch !== 'segments' || path === '/' || !path.endsWith('/');
  return isPlain ? path : path.slice(0, -1);
}

/**
 * Turns a valid entry into what the merge of all sources takes.
 *
 * @param drafts its filters, with those of the lists that it uses
 */
export function buildRoute(
  entry: RouteEntry,
  drafts: readonly FilterDraft[],
  origin: Origin,
  sinceMs: number,
): RouteDefinition {
  const hosts = [...new Set(entry.host)];
  const { action, backends } = buildAction(entry);
  const filters = buildFilters(drafts);
  return {
    id: routeId(hosts, entry),
    origin,
    hosts,
    path: routePath(entry),
    ...(entry.match ?? NO_MATCH),
    priority: entry.priority ?? 0,
    action,
    backends: uniqueBackends([...backends, ...filters.backends]),
    filters: filters.filters,
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
    ...(entry.balance === undefined ? {} : { balance: entry.balance }),
    ...(entry.health?.check === undefined ? {} : { health: entry.health.check }),
    ...(entry.health === undefined ? {} : { panic: entry.health.panic }),
    ...(entry.wake === undefined ? {} : { wakes: entry.wake }),
    ...(entry.health?.readiness === false ? { readiness: [] } : {}),
    ...(entry.fallThrough === undefined ? {} : { fallThrough: entry.fallThrough }),
  };
}

interface Built {
  readonly action: RouteAction;
  readonly backends: readonly Backend[];
}

function buildAction({ to, respond, redirect, tlsVerify = true, wake: wakes }: RouteEntry): Built {
  if (to !== undefined) {
    const { refs, backends } = buildBackends(to, { tlsVerify, wakes });
    return { action: { type: 'forward', backends: refs }, backends };
  }
  if (redirect !== undefined) return { action: { type: 'redirect', ...redirect }, backends: [] };
  const body = respond?.body ?? '';
  const headers = respond?.headers ?? [];
  const isTyped = body === '' || headers.some(([name]) => name === 'content-type');
  const typed: typeof headers = isTyped ? headers : [...headers, ['content-type', 'text/plain; charset=utf-8']];
  return { action: { type: 'respond', status: respond?.status ?? 200, body, headers: typed }, backends: [] };
}
