import { expect, test } from 'vitest';
import type { Offer } from './dialect.ts';
import { NamedOffers, noteAsked, offerKey, offersNamed } from './offers.ts';

const offer = (kind: string, name: string, from = 'web'): Offer => ({ kind, name, value: null, from });

test('offers are found by kind and name, in their order', () => {
  const list = [
    offer('router', 'a', 'old'),
    offer('service', 'a'),
    offer('router', 'a', 'young'),
    offer('router', 'b'),
  ];
  expect(offersNamed(list, 'router', 'a').map(({ from }) => from)).toEqual(['old', 'young']);
  expect(offersNamed(list, 'router', 'c')).toEqual([]);
  expect(offersNamed(list, 'router\na', '')).toEqual([]);
  expect(offersNamed([], '__proto__', 'constructor')).toEqual([]);
});

test('what was asked for is noted, there or not, by the innermost reader', () => {
  const list = [offer('router', 'a')];
  const { value, asked } = noteAsked(list, () => {
    const inner = noteAsked(list, () => offersNamed(list, 'router', 'inner'));
    return [...offersNamed(list, 'router', 'b'), ...inner.value];
  });
  expect(value).toEqual([]);
  expect(asked).toEqual(new Set([offerKey('router', 'b')]));
  const failing = (): void => {
    noteAsked(list, () => {
      throw new Error('no');
    });
  };
  expect(failing).toThrow('no');
  offersNamed(list, 'router', 'after');
  expect(asked).toEqual(new Set([offerKey('router', 'b')]));
});

test('named offers change one by one', () => {
  const named = new NamedOffers();
  named.set(offerKey('router', 'a'), [offer('router', 'a')]);
  expect(offersNamed(named.list, 'router', 'a')).toHaveLength(1);
  named.set(offerKey('router', 'a'), []);
  expect(offersNamed(named.list, 'router', 'a')).toEqual([]);
});
