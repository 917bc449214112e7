import { expect, it } from 'vitest';
import { WakeBudget, type OverBudget } from './wake-budget.ts';

const SETTINGS = { clientPerMinute: 2, perMinute: 3, concurrent: 1 };
let asked = 0;
const waitOf = (over: OverBudget | undefined): number => over?.waitMs ?? 0;
/** Another group each time. */
const ask = (budget: WakeBudget, client: string, nowMs: number) =>
  waitOf(budget.take(client, `group-${asked++}`, nowMs));

it('lets a client cause so many wakes a minute, and says when there may be one more', () => {
  const budget = new WakeBudget(() => SETTINGS);
  expect([0, 0, 0].map((nowMs) => ask(budget, 'a', nowMs))).toEqual([0, 0, 30_000]);
  expect(ask(budget, 'a', 29_999)).toBe(1);
  expect(ask(budget, 'a', 30_000)).toBe(0);
});

it('has a limit for all clients together, which nobody uses up by asking in vain', () => {
  const budget = new WakeBudget(() => SETTINGS);
  for (let time = 0; time < 1_000; time++) ask(budget, 'loud', 0);
  expect(ask(budget, 'quiet', 0)).toBe(0);
  expect(ask(budget, 'late', 0)).toBe(20_000);
});

it('lets one group take a quarter of all wakes, whoever asks for it', () => {
  const budget = new WakeBudget(() => ({ clientPerMinute: 10, perMinute: 8, concurrent: 1 }));
  expect(['a', 'b', 'c'].map((client) => budget.take(client, 'loops', 0))).toEqual([
    undefined,
    undefined,
    { budget: 'group-budget', waitMs: 30_000 },
  ]);
  expect(budget.take('d', 'other', 0)).toBeUndefined();
});

it('says which budget it is', () => {
  const budget = new WakeBudget(() => SETTINGS);
  const budgetOf = (client: string, group: string) => budget.take(client, group, 0)?.budget;
  expect(['a', 'a', 'a'].map((client, at) => budgetOf(client, `g${at}`))).toEqual([
    undefined,
    undefined,
    'client-budget',
  ]);
  expect(['b', 'c'].map((client, at) => budgetOf(client, `h${at}`))).toEqual([undefined, 'total-budget']);
});

it('begins anew with other settings', () => {
  let settings = SETTINGS;
  const budget = new WakeBudget(() => settings);
  for (let time = 0; time < 3; time++) ask(budget, 'a', 0);
  expect(ask(budget, 'a', 0)).toBeGreaterThan(0);
  settings = { ...SETTINGS };
  expect(ask(budget, 'a', 0)).toBeGreaterThan(0);
  settings = { ...SETTINGS, clientPerMinute: 3 };
  expect(ask(budget, 'a', 0)).toBe(0);
});
