import { expect, it } from 'vitest';
import { sumTraffic, type Traffic } from './traffic.ts';

const ONE: Traffic = {
  id: 'a',
  active: 1,
  requests: 2,
  statuses: [0, 1, 1, 0, 0],
  errors: 1,
  bytesIn: 10,
  bytesOut: 20,
  totalMs: 5,
};

it('adds up what workers count of the same route, and keeps what only one has seen', () => {
  expect(
    sumTraffic([
      [ONE],
      [
        { ...ONE, statuses: [1, 0, 0, 2, 3] },
        { ...ONE, id: 'b' },
      ],
      [],
    ]),
  ).toEqual([
    { id: 'a', active: 2, requests: 4, statuses: [1, 1, 1, 2, 3], errors: 2, bytesIn: 20, bytesOut: 40, totalMs: 10 },
    { ...ONE, id: 'b' },
  ]);
});
