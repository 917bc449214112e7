import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitionsArbitrary, sampleSnapshot } from './_samples.ts';
import { canonicalJson } from './content-hash.ts';
import { decodeDelta, decodeSnapshot, encodeSnapshot, SnapshotMalformed } from './snapshot-codec.ts';
import { applyDelta, DeltaMismatch, diffSnapshots } from './snapshot-delta.ts';
import type { Snapshot } from './snapshot.ts';

const pair = fc.tuple(definitionsArbitrary, definitionsArbitrary).map(([before, after]) => {
  const from = sampleSnapshot(before);
  return { from, to: sampleSnapshot(after, from) };
});

/** What a broken disk, a torn write or a bug does to a message: one character is another one, or gone, or one more. */
const damage = fc.record({
  at: fc.nat(),
  act: fc.constantFrom('replace', 'remove', 'insert'),
  character: fc.constantFrom('0', '1', 'a', '"', ',', '{', '}', ' ', '\\', 'true'),
});

function damaged(text: string, { at, act, character }: { at: number; act: string; character: string }): string {
  const index = at % text.length;
  const rest = text.slice(act === 'insert' ? index : index + 1);
  return `${text.slice(0, index)}${act === 'remove' ? '' : character}${rest}`;
}

/** The Snapshot that a receiver would serve, or undefined when it notices. */
function receive(text: string, read: (value: unknown) => Snapshot): Snapshot | undefined {
  try {
    return read(JSON.parse(text));
  } catch (error) {
    if (error instanceof SnapshotMalformed || error instanceof DeltaMismatch || error instanceof SyntaxError)
      return undefined;
    throw error;
  }
}

/** Only the version is outside of the hash; it is checked when the next delta comes. */
function expectSameTables(found: Snapshot | undefined, sent: Snapshot): void {
  if (found !== undefined) expect({ ...found, version: 0 }).toEqual({ ...sent, version: 0 });
}

describe('the table between processes', () => {
  it('a delta leads to exactly the Snapshot that it was made from', () => {
    fc.assert(
      fc.property(pair, ({ from, to }) => {
        const delta = decodeDelta(JSON.parse(JSON.stringify(diffSnapshots(from, to))));
        expect(applyDelta(from, delta)).toEqual(to);
      }),
    );
  });

  it('a Snapshot comes out as it went in', () => {
    fc.assert(
      fc.property(pair, ({ to }) => {
        expect(decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(to))))).toEqual(to);
      }),
    );
  });

  it('a delta for another Snapshot is refused', () => {
    fc.assert(
      fc.property(pair, definitionsArbitrary, ({ from, to }, other) => {
        const wrong = sampleSnapshot(other);
        fc.pre(wrong.hash !== from.hash);
        expect(() => applyDelta(wrong, diffSnapshots(from, to))).toThrow(DeltaMismatch);
      }),
    );
  });

  it('damage never yields another table', () => {
    fc.assert(
      fc.property(pair, damage, ({ from, to }, hit) => {
        const delta = JSON.stringify(diffSnapshots(from, to));
        expectSameTables(
          receive(damaged(delta, hit), (value) => applyDelta(from, decodeDelta(value))),
          to,
        );
        const whole = JSON.stringify(encodeSnapshot(to));
        expectSameTables(receive(damaged(whole, hit), decodeSnapshot), to);
      }),
      { numRuns: 1_500 },
    );
  });
});

it('canonical JSON does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(turned)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
