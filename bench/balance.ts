// `node bench/balance.ts`: nanoseconds that each strategy takes to choose one of several backends, the median of rounds that take
// turns. Those that look at all backends grow with their number; plain round robin must not.
import { type BalanceStrategy, createBalancer, type Load, type Share } from '@dproxy/core';

const SIZES = [2, 10, 100] as const;
const CHOICES = 50_000;
const ROUNDS = 15;
const STRATEGIES = [
  'roundRobin',
  'first',
  'random',
  'powerOfTwo',
  'leastConnections',
  'leastTime',
  'hash',
] as const satisfies readonly BalanceStrategy[];

const keys = Array.from({ length: 1_024 }, (_, client) => `192.0.${client >> 8}.${client & 255}`);
const cases = STRATEGIES.flatMap((strategy) =>
  SIZES.map((size) => ({
    strategy,
    balancer: createBalancer(strategy, sharesOf(size), {
      worker: { index: 0, count: 1 },
      chance: Math.random,
      previous: undefined,
    }),
    ns: [] as number[],
  })),
);

for (let round = 0; round < ROUNDS; round += 1) {
  for (const { balancer, ns } of cases) {
    const startedMs = performance.now();
    for (let choice = 0; choice < CHOICES; choice += 1) balancer.next(undefined, keys[choice & 1_023]);
    ns.push(((performance.now() - startedMs) * 1e6) / CHOICES);
  }
}

console.log(
  `| strategy | ${SIZES.map((size) => `${size} backends`).join(' | ')} |\n|---|${SIZES.map(() => '---|').join('')}`,
);
for (const strategy of STRATEGIES) {
  const medians = cases
    .filter((each) => each.strategy === strategy)
    .map(({ ns }) => ns.toSorted((a, b) => a - b)[ROUNDS >> 1]);
  console.log(`| ${strategy} | ${medians.map((ns) => `${ns?.toFixed(0)} ns`).join(' | ')} |`);
}

function sharesOf(size: number): Share<Load>[] {
  return Array.from({ length: size }, (_, index) => ({
    id: `docker:0123456789ab/web:${index}`,
    weight: 1,
    target: { active: index % 3, responseMs: () => 10 + index },
  }));
}
