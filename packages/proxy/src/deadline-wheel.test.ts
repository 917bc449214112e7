import { expect, test } from 'vitest';
import { eventually } from '@dproxy/testkit';
import { Deadline, DeadlineWheel } from './deadline-wheel.ts';

test('deadlines fire once, not early, and not when cleared, moved away or disposed', async () => {
  const errors: unknown[] = [];
  const wheel = new DeadlineWheel((error) => errors.push(error));
  const fired: string[] = [];
  const make = (name: string, ms: number) => {
    const deadline = new Deadline(wheel, { onDeadline: () => void fired.push(name) });
    deadline.set(ms);
    return deadline;
  };
  make('short', 300);
  make('cleared', 50).clear();
  make('disposed', 50).dispose();
  make('later', 50).set(1_000_000);
  make('sooner', 1_000_000).set(50);
  new Deadline(wheel, {
    onDeadline: () => {
      throw new Error('one bad owner');
    },
  }).set(50);
  await eventually(() => fired.includes('short'));
  expect(fired).toEqual(['sooner', 'short']);
  expect(errors).toHaveLength(1);
  wheel.dispose();
});
