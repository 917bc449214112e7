import { expect, test } from 'vitest';
import { endsContainer, signalNumber } from './stop-signal.ts';

test.each([
  ['15', 15],
  ['9', 9],
  ['TERM', 15],
  ['SIGTERM', 15],
  ['sigquit', 3],
  ['SIGWINCH', 28],
  ['SIGUSR1', 10],
  ['SIGSYS', 31],
  ['SIGRTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
  ['RTMAX', 64],
  ['0', undefined],
  ['65', undefined],
  ['SIGRTMAX+1', undefined],
  ['', undefined],
  ['SIGNOTHING', undefined],
  ['toString', undefined],
  ['-15', undefined],
  ['1e1', undefined],
])('%s is signal %s', (text, number) => {
  expect(signalNumber(text)).toBe(number);
});

test('the stop signal and 9 end a container, others do not', () => {
  expect([15, 9, 1, 3].map((signal) => endsContainer(signal, 15))).toEqual([true, true, false, false]);
  expect([3, 9, 15].map((signal) => endsContainer(signal, 3))).toEqual([true, true, false]);
});
