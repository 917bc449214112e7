import { expect, it } from 'vitest';
import { cpuPauseMs, CpuUse } from './idle-cpu.ts';

const SECOND_NS = 1e9;

function useOf(...samples: readonly (readonly [usedNs: number, atMs: number])[]): CpuUse {
  const use = new CpuUse();
  for (const [usedNs, atMs] of samples) use.add({ usedNs, atMs });
  return use;
}

it('knows nothing before the third sample', () => {
  expect(useOf().percent).toBeUndefined();
  expect(useOf([SECOND_NS, 0], [2 * SECOND_NS, 1_000]).percent).toBeUndefined();
});

it('is the share of one CPU', () => {
  expect(useOf([5 * SECOND_NS, 0], [5 * SECOND_NS, 1_000], [5 * SECOND_NS, 2_000]).percent).toBe(0);
  expect(useOf([5 * SECOND_NS, 0], [5.25 * SECOND_NS, 500], [5.5 * SECOND_NS, 1_000]).percent).toBe(50);
  expect(useOf([5 * SECOND_NS, 0], [5 * SECOND_NS, 1_000], [9 * SECOND_NS, 2_000]).percent).toBe(200);
});

it('is that of the last three samples', () => {
  const burst = useOf([0, 0], [SECOND_NS, 1_000], [SECOND_NS, 2_000]);
  expect(burst.percent).toBe(50);
  burst.add({ usedNs: SECOND_NS, atMs: 3_000 });
  expect(burst.percent).toBe(0);
});

it('begins anew with a container that was started again, or a clock that was set back', () => {
  expect(useOf([9 * SECOND_NS, 0], [SECOND_NS, 1_000], [SECOND_NS, 2_000]).percent).toBeUndefined();
  expect(useOf([0, 5_000], [SECOND_NS, 5_000], [SECOND_NS, 6_000]).percent).toBeUndefined();
  expect(useOf([0, 5_000], [0, 1_000], [SECOND_NS, 2_000], [2 * SECOND_NS, 3_000]).percent).toBe(100);
});

it('asks a quarter of the idle time apart, within limits', () => {
  expect([1_000, 8_000, 3_600_000].map(cpuPauseMs)).toEqual([500, 2_000, 10_000]);
});
