import type { Condition, Filter } from '@dproxy/core';
import type { ServiceClaims } from '../dialect.ts';
import type { Places } from './entry-points.ts';
import type { TraefikSettings } from './options.ts';
import type { RouterTls } from './router-tls.ts';
import { joined, type RuleRoute } from './rule-routes.ts';
import type { Rule } from './rule.ts';

/** A router, read. */
export interface Router {
  readonly name: string;
  readonly rule: Rule;
  readonly priority: number;
  readonly places: Places | undefined;
  readonly tls: RouterTls | undefined;
  readonly middlewares: readonly string[];
}

interface ClaimFacts {
  readonly settings: Pick<TraefikSettings, 'redirectToHttps'>;
  /** A router with TLS has this host, too. */
  readonly hasTls: (host: string) => boolean;
}

/** Above all rules that people write: Traefik redirects on an entry point before it looks at any router. */
const FIRST = 2_000_000_000;

/** `noop@internal`: what is left when no middleware answers. */
export const NOWHERE: NonNullable<ServiceClaims['answer']> = { type: 'respond', status: 418, body: '', headers: [] };

/** One for each way in which the rule can hold. @param what is served, without where */
export function claimsOf(router: Router, what: ServiceClaims, facts: ClaimFacts): readonly ServiceClaims[] {
  const routes =
    router.tls === undefined ? router.rule.routes.flatMap((route) => byTls(route, facts)) : router.rule.routes;
  return routes.flatMap((route, index) => {
    const id = index === 0 ? router.name : `${router.name}~${index + 1}`;
    const served = serve(router, route, facts);
    if (served === undefined) return [];
    const claims: ServiceClaims = {
      ...what,
      service: id,
      hosts: route.hosts,
      path: route.path,
      pathMatch: route.pathMatch,
      priority: router.priority,
      ...served,
    };
    const isSecure = router.tls !== undefined && router.places?.listeners.includes('https') !== false;
    return facts.settings.redirectToHttps && isSecure ? [claims, redirectOf(claims, route)] : [claims];
  });
}

/** Hosts of which other routers have TLS apart from those of which none has. */
function byTls({ hosts, ...rest }: RuleRoute, { hasTls }: ClaimFacts): readonly RuleRoute[] {
  const parts = [hosts.filter((host) => !hasTls(host)), hosts.filter((host) => hasTls(host))];
  return parts.filter(({ length }) => length > 0).map((part) => ({ ...rest, hosts: part }));
}

type Served = Pick<ServiceClaims, 'condition' | 'listeners' | 'publicPorts'>;

/**
 * With TLS a router is for HTTPS alone, without it for plain HTTP; there also for HTTPS, as long as no other router has TLS for
 * the host, because Traefik's entry points may say TLS for all of their routers. Undefined: nowhere.
 */
function serve({ places, tls }: Router, { hosts, condition }: RuleRoute, { hasTls }: ClaimFacts): Served | undefined {
  const conditions = condition === null ? [] : [condition];
  const encrypted = (is: boolean): Condition | null => joined([...conditions, { type: 'encrypted', is }]);
  const isPlainOnly = tls === undefined && hosts.some((host) => hasTls(host));
  if (places === undefined) {
    if (tls !== undefined) return { condition: encrypted(true), listeners: [], publicPorts: [] };
    return { condition: isPlainOnly ? encrypted(false) : condition, listeners: [], publicPorts: [] };
  }
  const unwanted = tls !== undefined ? 'http' : isPlainOnly ? 'https' : '';
  const wanted = places.listeners.filter((listener) => listener !== unwanted);
  // `websecure` alone speaks TLS by itself, whatever the router says.
  const listeners = wanted.length === 0 && places.ports.length === 0 && tls === undefined ? places.listeners : wanted;
  if (listeners.length === 0 && places.ports.length === 0) return undefined;
  const publicPorts = places.ports.map((port) => ({
    port,
    protocol: tls === undefined ? ('http' as const) : ('https' as const),
  }));
  const isKnown = listeners.every((listener) => listener === 'http' || listener === 'https');
  return { condition: tls !== undefined && !isKnown ? encrypted(true) : condition, listeners, publicPorts };
}

function redirectOf(claims: ServiceClaims, { condition }: RuleRoute): ServiceClaims {
  const filter: Filter = { type: 'redirectScheme', scheme: 'https', port: 0, permanent: true };
  return {
    ...claims,
    service: `${claims.service}@redirect`,
    condition: joined([...(condition === null ? [] : [condition]), { type: 'encrypted', is: false }]),
    priority: FIRST,
    filters: [filter],
    answer: NOWHERE,
    listeners: [],
    publicPorts: [],
  };
}
