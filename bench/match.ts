// `node bench/match.ts`: the cost of finding a route at 100 and at 100,000 hosts, as ratios. The larger table does not fit into the
// processor's caches; what would grow with the number of hosts would be a thousand times as much. In the second half every third
// host is as labels make it: a second route with a condition and a priority.
import { compileRoutes, type Condition, type RequestFacts, type RoutePattern, type RouteTable } from '@dproxy/core';

const SIZES = [100, 100_000] as const;
const LOOKUPS = 200_000;
const ROUNDS = 7;
const scope = { isLocal: false, listenerId: 'http' };
const facts: RequestFacts = {
  method: 'GET',
  host: '',
  path: '/api/users',
  header: () => ['1'],
  cookie: () => [],
  query: () => [],
  clientAddress: '192.0.2.1',
  isEncrypted: false,
};

const kinds = [
  { name: 'exact host', host: (size: number, n: number) => `host${n % size}.example.com` },
  { name: 'wildcard', host: (size: number, n: number) => `any.deep.wild${n % size}.example.com` },
  { name: 'unknown', host: (_: number, n: number) => `nobody${n}.example.org` },
] as const;

for (const [title, routesOf] of [
  ['plain', plainRoutes],
  ['with conditions and priorities', labelledRoutes],
] as const) {
  const tables = SIZES.map((size) => ({ size, ...timed(() => compileRoutes(routesOf(size))) }));
  console.log(`${title}: built in ${tables.map(({ size, ms }) => `${ms.toFixed(0)} ms for ${size} hosts`).join(', ')}`);
  for (const { name, host } of kinds) {
    const costs = tables.map(({ size, value: table }) => {
      const hosts = Array.from({ length: 1_024 }, (_, n) => host(size, n * 97));
      return measure(table, hosts);
    });
    const [small = 0, large = 0] = costs;
    const ratio = (large / small).toFixed(2);
    console.log(
      `  ${name.padEnd(12)} ${small.toFixed(0)} ns at ${SIZES[0]} hosts, ${large.toFixed(0)} ns at ${SIZES[1]}: ratio ${ratio}`,
    );
  }
}

/** Half of the hosts are exact, half are wildcards. */
function plainRoutes(size: number): RoutePattern[] {
  return Array.from({ length: size }, (_, n) => [
    pattern(`host${n}.example.com`),
    pattern(`*.wild${n}.example.com`),
  ]).flat();
}

function labelledRoutes(size: number): RoutePattern[] {
  return plainRoutes(size).flatMap((route, n) => {
    if (n % 3 !== 0) return route;
    // Its own object for each, as labels have: nothing is shared.
    const condition: Condition = {
      type: 'any',
      of: [
        { type: 'method', methods: ['PUT'] },
        { type: 'headerPattern', name: 'x-canary', pattern: `^(?:${n}|1)$` },
      ],
    };
    return [route, { ...route, id: `${route.id} #1`, condition, path: '/api', pathMatch: 'prefix', priority: 100 }];
  });
}

function pattern(host: string): RoutePattern {
  return {
    id: `${host}/`,
    host,
    path: '/',
    pathMatch: 'segments',
    condition: null,
    priority: 0,
    audience: 'everyone',
    listeners: [],
    fallThrough: true,
  };
}

function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const start = performance.now();
  const value = work();
  return { value, ms: performance.now() - start };
}

/** Nanoseconds per lookup, the median of several rounds. */
function measure(table: RouteTable<RoutePattern>, hosts: readonly string[]): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint();
    let found = 0;
    for (let n = 0; n < LOOKUPS; n++)
      found += table.lookup(hosts[n & 1_023] ?? '', '/api/users', scope, facts).routes.length;
    if (found < 0) throw new Error('unreachable: keeps the lookups from being optimised away');
    return Number(process.hrtime.bigint() - start) / LOOKUPS;
  });
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}
