import {
  buildSnapshot,
  compileRoutes,
  DEFAULT_LIMITS,
  matchScope,
  type Listener,
  type Rejection,
  type Route,
  type WorkerSettings,
} from '@dproxy/core';
import { containerOf } from '../_container-of.ts';
import { describeTogether } from '../describe-together.ts';
import type { DiscoverySettings } from '../settings.ts';

type ListenerId = 'http' | 'https';

export interface MergedTable {
  /** What answers a GET: the route, or the outcome without one. */
  ask(host: string, path?: string, listener?: ListenerId): Route | string;
  readonly rejected: readonly Rejection[];
}

/** The table that all these containers make together, the first one the oldest, for tests. */
export function mergedTable(
  containers: Readonly<Record<string, Parameters<typeof containerOf>[0]>>,
  dialects: DiscoverySettings['dialects'] = {},
): MergedTable {
  const all = Object.entries(containers).map(([name, parts], index) =>
    containerOf({ id: `${index + 1}`.padStart(12, 'a').padEnd(64, '0'), name, createdMs: index, ...parts }),
  );
  const { state } = describeTogether('test', all, {
    trustImages: false,
    exposedByDefault: false,
    dialects,
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
  });
  const { snapshot, rejected } = buildSnapshot({
    sources: [state],
    listeners: [listener('http', 80), listener('https', 443)],
    settings: SETTINGS,
    certificates: [],
    pages: [],
  });
  const table = compileRoutes(snapshot.routes.values());
  const none = (): readonly string[] => [];
  return {
    ask(host, path = '/', id = 'https') {
      const facts = { method: 'GET', host, path, header: none, cookie: none, query: none };
      const whole = { ...facts, clientAddress: '203.0.113.9', isEncrypted: id === 'https' };
      const { routes, outcome } = table.lookup(host, path, matchScope(id, false), whole);
      return routes[0] ?? outcome;
    },
    rejected,
  };
}

function listener(id: ListenerId, port: number): Listener {
  return { id, protocol: id, addresses: [{ host: '127.0.0.1', port }], publicPort: port, proxyProtocol: [] };
}

const SETTINGS: WorkerSettings = {
  trustedProxies: [],
  debugClients: [],
  debugHeaders: false,
  localNamesClients: [],
  accessLog: false,
  serverName: '',
  limits: DEFAULT_LIMITS,
  drainMs: 0,
  ownAddresses: [],
  passChallenges: false,
  tls: { profile: 'intermediate', onDemand: false },
};
