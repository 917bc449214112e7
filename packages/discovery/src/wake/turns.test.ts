import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('lets so many go at the same time, the others in their order, and takes a turn back once', async () => {
  const turns = new Turns(() => 1);
  const went: string[] = [];
  const go = async (name: string): Promise<() => void> => {
    const giveBack = await turns.take();
    went.push(name);
    return giveBack;
  };
  const first = await go('a');
  const second = go('b');
  const third = go('c');
  expect([turns.isFree, went]).toEqual([false, ['a']]);
  first();
  first();
  const giveBack = await second;
  expect(went).toEqual(['a', 'b']);
  giveBack();
  (await third)();
  expect([turns.isFree, went]).toEqual([true, ['a', 'b', 'c']]);
});

it('keeps nobody waiting once it is closed', async () => {
  const turns = new Turns(() => 0);
  const waiting = turns.take();
  turns.close();
  await Promise.all([waiting, turns.take()]);
  expect(turns.isFree).toBe(true);
});
