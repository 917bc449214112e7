import { expect, it } from 'vitest';
import { TrafficTable } from './traffic-table.ts';

const OUTCOME = { status: 200, isError: false, bytesIn: 1, bytesOut: 10 };

it('counts what has begun, and what it came to', () => {
  const table = new TrafficTable();
  table.begin('a');
  table.begin('a');
  table.begin('a');
  table.end('a', OUTCOME, 2);
  table.end('a', { ...OUTCOME, status: 502, isError: true }, 2);
  expect(table.read()).toEqual([
    { id: 'a', active: 1, requests: 2, statuses: [0, 1, 0, 0, 1], errors: 1, bytesIn: 2, bytesOut: 20, totalMs: 4 },
  ]);
});

it('counts no request that went elsewhere, and no status that there is not', () => {
  const table = new TrafficTable();
  table.begin('a');
  table.leave('a');
  table.begin('a');
  table.end('a', { ...OUTCOME, status: 0 }, 2);
  expect(table.read()[0]).toMatchObject({ active: 0, requests: 1, statuses: [0, 0, 0, 0, 0] });
});

it('forgets what is gone, once it is no longer busy', () => {
  const table = new TrafficTable();
  table.begin('busy');
  table.begin('gone');
  table.end('gone', OUTCOME, 2);
  table.keep(() => false);
  expect(table.read().map(({ id }) => id)).toEqual(['busy']);
  table.end('busy', OUTCOME, 2);
  table.keep(() => false);
  expect(table.read()).toEqual([]);
});

it('tells no more than fits a message', () => {
  const table = new TrafficTable();
  for (let index = 0; index < 900; index++) table.begin(`${'x'.repeat(1_000)}${index}`);
  expect(JSON.stringify(table.read()).length).toBeLessThan(400_000);
});

it('tells of many those with the most requests', () => {
  const table = new TrafficTable();
  for (let index = 0; index < 3_000; index++) {
    table.begin(`r${index}`);
    table.end(`r${index}`, OUTCOME, 2);
  }
  table.begin('r2999');
  table.end('r2999', OUTCOME, 2);
  expect(table.read()).toHaveLength(1_000);
  expect(table.read()[0]).toMatchObject({ id: 'r2999', requests: 2 });
});
