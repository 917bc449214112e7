import { expect, test } from 'vitest';
import { Reachability } from './reachability.ts';

test('a backend that does not answer is passed over for a second, and then one tries', () => {
  const reachability = new Reachability();
  expect([reachability.isInDoubt, reachability.isPassedOver(0)]).toEqual([false, false]);
  reachability.failed('upstream-refused', 5_000);
  expect(reachability.isInDoubt).toBe(false);
  reachability.failed('upstream-connect-timeout', 5_000);
  expect(reachability.isInDoubt).toBe(true);
  const asked = [5_000, 5_999, 6_000, 6_001, 6_999, 7_000].map((nowMs) => reachability.isPassedOver(nowMs));
  expect(asked).toEqual([true, true, false, true, true, false]);
});

test('the first connection, or answer, ends it', () => {
  const reachability = new Reachability();
  reachability.failed('upstream-connect-timeout', 5_000);
  reachability.reached();
  expect([reachability.isInDoubt, reachability.isPassedOver(5_001)]).toEqual([false, false]);
});
