import { expect, test } from 'vitest';
import { NoncePool } from './nonce-pool.ts';

test('the youngest goes first, each once', () => {
  const pool = new NoncePool();
  pool.put('a', 0);
  pool.put('b', 1);
  expect([pool.take(2), pool.take(2), pool.take(2)]).toEqual(['b', 'a', undefined]);
});

test('old ones are not tried: after hours an authority has forgotten them all', () => {
  const pool = new NoncePool();
  pool.put('a', 0);
  pool.put('b', 0);
  expect(pool.take(3_600_000)).toBeUndefined();
  expect(pool.take(0)).toBeUndefined();
});

test('it does not grow with the requests of a day', () => {
  const pool = new NoncePool();
  for (let index = 0; index < 1_000; index++) pool.put(String(index), 0);
  let taken = 0;
  while (pool.take(0) !== undefined) taken += 1;
  expect(taken).toBe(16);
});
