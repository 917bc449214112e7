import type { Backend, BackendRef } from './backend.ts';
import { DEFAULT_BALANCE, type BalancePolicy } from './balance-policy.ts';
import type { Condition, PathMatch } from './condition.ts';
import type { Filter } from './filter.ts';
import type { HealthCheck, Readiness } from './health-check.ts';
import type { PluginUse } from './plugin-use.ts';

/** Where a definition comes from, for messages, `/routes` and ownership. */
export interface Origin {
  /** `file:/etc/dproxy.yml`, `docker:unix:///var/run/docker.sock`, `demo`. */
  readonly source: string;
  /** Container name or `routes[3]`. */
  readonly name: string;
  /** 1-based line in a file; 0 elsewhere. */
  readonly line: number;
  /** Compose project of the container; empty elsewhere. */
  readonly project: string;
}

/** `rate` bytes per second and so on are in `Limits`; these override it for one route. Milliseconds; 0 = the default. */
export interface RouteTimeouts {
  readonly connectMs: number;
  /** From the end of the request until the head of the response. */
  readonly responseMs: number;
  /** Without a byte in either direction, once the response has begun. */
  readonly idleMs: number;
}

/** Header changes of one route, applied after dproxy's own headers. Names are lower case. */
export interface HeaderRules {
  readonly requestSet: readonly (readonly [name: string, value: string])[];
  readonly requestRemove: readonly string[];
  readonly responseSet: readonly (readonly [name: string, value: string])[];
  readonly responseRemove: readonly string[];
}

/** What a route asks of HTTPS. `redirect` and `hsts` act only where the host has a certificate that is not the local CA's. */
export interface RouteHttps {
  /** Status with which plain HTTP is sent to HTTPS; 0: plain HTTP is answered like HTTPS. */
  readonly redirect: 0 | 301 | 302 | 307 | 308;
  /** Value of `strict-transport-security` on answers over HTTPS (RFC 6797); empty: none. */
  readonly hsts: string;
  /** Whether a certificate authority is asked for one: `default` as `acme.hosts` says, `acme` yes, `none` never. */
  readonly certificate: 'default' | 'acme' | 'none';
}

/** As every route is that says nothing. */
export const DEFAULT_HTTPS: RouteHttps = { redirect: 308, hsts: '', certificate: 'default' };

/** What a definition means that says nothing else of it. */
export const ROUTE_DEFAULTS: MatchOptions & ServeOptions = {
  pathMatch: 'segments',
  condition: null,
  priority: 0,
  filters: [],
  balance: DEFAULT_BALANCE,
  panic: false,
  wakeGroup: '',
};

export type RouteAction =
  | { readonly type: 'forward'; readonly backends: readonly BackendRef[] }
  | {
      readonly type: 'respond';
      readonly status: number;
      readonly body: string;
      readonly headers: readonly (readonly [string, string])[];
    }
  | { readonly type: 'redirect'; readonly status: 301 | 302 | 303 | 307 | 308; readonly location: string };

/** Who may use a route: `local` answers only when both ends are loopback and nothing was forwarded (contract: local names). */
export type RouteAudience = 'everyone' | 'local';

/** Which listeners a route answers on: empty = every http and https listener of the configuration; else listener ids. */
export type ListenerIds = readonly string[];

/** A port that a route asks to be served on, beside the listeners that are there anyway. 80 and 443 are these. */
export interface PublicPort {
  readonly port: number;
  readonly protocol: 'http' | 'https';
}

/** What one definition may leave out; a Route has all of it. */
interface MatchOptions {
  /** Default `segments`. */
  readonly pathMatch: PathMatch;
  /** What else must hold; null (the default): nothing. */
  readonly condition: Condition | null;
  /**
   * Among the routes of one host pattern the higher comes first. 0 (the default): the longer path, which counts like the
   * length of the rule that says it in the words of Traefik: `rulePriority`.
   */
  readonly priority: number;
}

interface ServeOptions {
  /** In the order in which they act. Default none. */
  readonly filters: readonly Filter[];
  readonly balance: BalancePolicy;
  /** Whether unhealthy backends are asked when nobody is ready and nobody drains. Default false. */
  readonly panic: boolean;
  /** `WakeGroup.id` of what a request wakes when nobody is ready. Default empty: nothing. */
  readonly wakeGroup: string;
}

interface RouteOptions {
  /** Canonical, starts with `/`; `/` for all paths. How it is compared says `pathMatch`. */
  readonly path: string;
  readonly audience: RouteAudience;
  readonly headers: HeaderRules;
  readonly timeouts: RouteTimeouts;
  /** In the order in which requests pass them; a route with one is served by the application path. */
  readonly plugins: readonly PluginUse[];
  readonly listeners: ListenerIds;
  readonly https: RouteHttps;
  /** False: the first wildcard candidate's answer is final even when it is an error. */
  readonly fallThrough: boolean;
}

/** What a source says, before the merge: one container's service or one file entry. Several hosts, its own backends. */
export interface RouteDefinition
  extends Omit<RouteOptions, 'fallThrough' | 'https'>, Partial<MatchOptions>, Partial<ServeOptions> {
  /** Unique within its source and stable over restarts of the container: the quarantine key. */
  readonly id: string;
  readonly origin: Origin;
  /** Lower case, no port, no trailing dot, IDNA A-labels; `app.example.com`, `*.example.com`, or `*` for every host. */
  readonly hosts: readonly string[];
  /** For `forward`: refs into `backends`. */
  readonly action: RouteAction;
  /** Those of the action, and those that filters refer to. */
  readonly backends: readonly Backend[];
  /** How its backends are checked; absent: as the engine says, or not at all. */
  readonly health?: HealthCheck;
  /** Of a container without a check: which of its backends are asked whether they listen. Absent: ready when it runs. */
  readonly readiness?: readonly Readiness[];
  /**
   * What the operator calls the group of containers behind it; `wakeGroup` and the states of its backends follow from it. Absent:
   * its source knows.
   */
  readonly wakes?: string;
  /** Ports that it asks for; the merge opens a listener for each and adds it to `listeners`. Default none. */
  readonly publicPorts?: readonly PublicPort[];
  /** Epoch milliseconds at which the container was created or the file entry was first seen. The oldest claim wins. */
  readonly sinceMs: number;
  /** What is absent is as `https` of the settings says. */
  readonly https: Partial<RouteHttps>;
  /** Absent: `wildcards.fallThrough` of the settings holds. */
  readonly fallThrough?: boolean;
}

/** What workers match: one host pattern and one path, and what else is asked. The result of the merge. */
export interface Route extends RouteOptions, MatchOptions, ServeOptions {
  /**
   * `<host><path>`; local names have the prefix `local:`, and what else tells it apart (how the path is compared, its condition,
   * its listeners) follows as ` #<hash>`. Unique in a Snapshot.
   */
  readonly id: string;
  readonly host: string;
  readonly action: RouteAction;
  /** All that contribute, the oldest (whose settings hold) first. */
  readonly origins: readonly Origin[];
}

/** A definition that lost its host+path to an older one; shown, never served. */
export interface ShadowedRoute {
  readonly host: string;
  readonly path: string;
  readonly origin: Origin;
  readonly shadowedBy: Origin;
  readonly reason: string;
}
