import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundRobin, type Share } from '../balance.ts';
import { Rendezvous } from './rendezvous.ts';

const ALONE = { index: 0, count: 1 };
const ids = fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 10 });
const keys = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 50 });

function shareOf(id: number, weight = 1): Share<number> {
  return { id: `b${id}`, weight, target: id };
}

function hashOver(shares: readonly Share<number>[]): Rendezvous<number> {
  return new Rendezvous(shares, new RoundRobin(shares, ALONE));
}

describe('rendezvous hashing', () => {
  it('chooses the same for a key, whatever the order of the backends', () => {
    fc.assert(
      fc.property(ids, keys, (all, texts) => {
        const shares = all.map((id) => shareOf(id));
        const [one, other] = [hashOver(shares), hashOver(shares.toReversed())];
        for (const key of texts) expect(one.next(undefined, key)).toBe(other.next(undefined, key));
      }),
    );
  });

  it('moves only the keys of a backend that goes, and only to one that comes', () => {
    fc.assert(
      fc.property(ids, keys, fc.nat(), (all, texts, nth) => {
        const gone = all[nth % all.length] ?? 0;
        const before = hashOver(all.map((id) => shareOf(id)));
        const after = hashOver(all.filter((id) => id !== gone).map((id) => shareOf(id)));
        for (const key of texts) {
          const [was, is] = [before.next(undefined, key), after.next(undefined, key)];
          // Read backwards it is the same for one that comes.
          if (was !== gone) expect(is).toBe(was);
        }
      }),
    );
  });

  it('a backend that is excluded is as good as gone', () => {
    fc.assert(
      fc.property(ids, keys, fc.nat(), (all, texts, nth) => {
        const gone = all[nth % all.length] ?? 0;
        const without = hashOver(all.filter((id) => id !== gone).map((id) => shareOf(id)));
        const all_ = hashOver(all.map((id) => shareOf(id)));
        for (const key of texts) expect(all_.next(new Set([`b${gone}`]), key)).toBe(without.next(undefined, key));
      }),
    );
  });

  it('a weight that changes moves keys only to or from that backend', () => {
    fc.assert(
      fc.property(ids, keys, fc.nat(), fc.integer({ min: 1, max: 1_000 }), (all, texts, nth, weight) => {
        const changed = all[nth % all.length] ?? 0;
        const before = hashOver(all.map((id) => shareOf(id, 10)));
        const after = hashOver(all.map((id) => shareOf(id, id === changed ? weight : 10)));
        for (const key of texts) {
          const [was, is] = [before.next(undefined, key), after.next(undefined, key)];
          if (was !== is) expect(weight < 10 ? was : is).toBe(changed);
        }
      }),
    );
  });
});

it('gives each its share of many keys, by weight', () => {
  const weights = [1, 1, 2, 4];
  const balance = hashOver(weights.map((weight, id) => shareOf(id, weight)));
  const counts = weights.map(() => 0);
  const clients = 20_000;
  for (let client = 0; client < clients; client += 1) {
    const chosen = balance.next(undefined, `10.${client >> 16}.${(client >> 8) & 255}.${client & 255}`) ?? 0;
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  for (const [id, weight] of weights.entries()) {
    expect(Math.abs((counts[id] ?? 0) / clients - weight / 8)).toBeLessThan(0.015);
  }
});

it('is the same in every process: these were computed once', () => {
  const balance = hashOver([0, 1, 2, 3, 4].map((id) => shareOf(id)));
  expect(
    ['a', 'b', '192.0.2.1', '192.0.2.2', '2001:db8::1', 'user'].map((key) => balance.next(undefined, key)),
  ).toEqual([2, 1, 3, 1, 1, 3]);
});

it('sends requests without a key to everybody in turn', () => {
  const balance = hashOver([0, 1, 2].map((id) => shareOf(id)));
  expect(Array.from({ length: 6 }, () => balance.next())).toEqual([0, 1, 2, 0, 1, 2]);
  expect(balance.next(new Set(['b0']), '')).toBe(1);
});
