// `node bench/match.ts`: the cost of finding a route at 100 and at 100,000 hosts, as ratios. The larger table does not fit into the
// processor's caches; what would grow with the number of hosts would be a thousand times as much.
import { compileRoutes, type RoutePattern, type RouteTable } from '@dproxy/core';

const SIZES = [100, 100_000] as const;
const LOOKUPS = 200_000;
const ROUNDS = 7;
const scope = { isLocal: false, listenerId: 'http' };

const tables = SIZES.map((size) => ({ size, table: build(size) }));
const kinds = [
  { name: 'exact host', host: (size: number, n: number) => `host${n % size}.example.com` },
  { name: 'wildcard', host: (size: number, n: number) => `any.deep.wild${n % size}.example.com` },
  { name: 'unknown', host: (_: number, n: number) => `nobody${n}.example.org` },
] as const;

for (const { name, host } of kinds) {
  const costs = tables.map(({ size, table }) =>
    measure(
      table,
      Array.from({ length: 1_024 }, (_, n) => host(size, n * 97)),
    ),
  );
  const [small = 0, large = 0] = costs;
  console.log(
    `${name.padEnd(12)} ${small.toFixed(0)} ns at ${SIZES[0]} hosts, ${large.toFixed(0)} ns at ${SIZES[1]}: ratio ${(large / small).toFixed(2)}`,
  );
}

/** Half of the hosts are exact, half are wildcards. */
function build(size: number): RouteTable<RoutePattern> {
  const patterns = Array.from({ length: size }, (_, n) => [
    pattern(`host${n}.example.com`),
    pattern(`*.wild${n}.example.com`),
  ]);
  return compileRoutes(patterns.flat());
}

function pattern(host: string): RoutePattern {
  return { id: `${host}/`, host, path: '/', audience: 'everyone', listeners: [], fallThrough: true };
}

/** Nanoseconds per lookup, the median of several rounds. */
function measure(table: RouteTable<RoutePattern>, hosts: readonly string[]): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint();
    let found = 0;
    for (let n = 0; n < LOOKUPS; n++) found += table.lookup(hosts[n & 1_023] ?? '', '/', scope).routes.length;
    if (found < 0) throw new Error('unreachable: keeps the lookups from being optimised away');
    return Number(process.hrtime.bigint() - start) / LOOKUPS;
  });
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}
