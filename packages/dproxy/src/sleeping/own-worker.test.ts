import { expect, it } from 'vitest';
import { OwnWorker } from './own-worker.ts';

const ACTIVITY = { group: 'e/project:shop', open: 1, idleMs: 0 };

it('says what its data plane does, and waits until a table is in force', async () => {
  const worker = new OwnWorker({ activity: () => [ACTIVITY] });
  expect(await worker.activity()).toEqual({ groups: [ACTIVITY], complete: true });
  const ended: number[] = [];
  const waits = [1, 3, 2].map(async (version) => {
    expect(await worker.whenServed(version)).toBe(true);
    ended.push(version);
  });
  worker.serves(2);
  await Promise.all([waits[0], waits[2]]);
  expect(new Set(ended)).toEqual(new Set([1, 2]));
  worker.serves(1);
  worker.serves(3);
  await Promise.all(waits);
  expect(await worker.whenServed(3)).toBe(true);
});
