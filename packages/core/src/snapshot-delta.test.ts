import { describe, expect, it } from 'vitest';
import { sampleContainer, sampleSnapshot } from './_samples.ts';
import { hashContent } from './snapshot-tables.ts';
import { applyDelta, DeltaMismatch, diffSnapshots } from './snapshot-delta.ts';
import type { Snapshot } from './snapshot.ts';

const [one, two, three] = ['one', 'two', 'three'].map((name) => sampleContainer(name, [`${name}.test`])) as [
  ReturnType<typeof sampleContainer>,
  ReturnType<typeof sampleContainer>,
  ReturnType<typeof sampleContainer>,
];
const first = sampleSnapshot([one, two]);
const second = sampleSnapshot([two, three], first);

describe('a delta', () => {
  it('names what was set and what was removed, table by table', () => {
    const delta = diffSnapshots(first, second);
    expect(delta).toMatchObject({ from: 1, to: 2, fromHash: first.hash, hash: second.hash, settings: null });
    expect(delta.tables.routes?.set.map(({ id }) => id)).toEqual(['three.test/']);
    expect(delta.tables.routes?.remove).toEqual(['one.test/']);
    expect(Object.keys(delta.tables)).toEqual(['routes', 'backends']);
  });

  it('leads from one Snapshot to the other, and shares the rest', () => {
    const applied = applyDelta(first, diffSnapshots(first, second));
    expect(applied).toEqual(second);
    expect(applied.routes.get('two.test/')).toBe(first.routes.get('two.test/'));
    expect(applied.pages).toBe(first.pages);
  });

  it('carries changed settings', () => {
    const settings = { ...first.settings, accessLog: true };
    const changed: Snapshot = { ...first, settings, version: 2, hash: hashContent({ ...first, settings }) };
    const delta = diffSnapshots(first, changed);
    expect(delta).toMatchObject({ settings: { accessLog: true }, tables: {} });
    expect(applyDelta(first, delta)).toEqual(changed);
  });

  it.each([
    ['a gap between versions', { from: 7 }],
    ['another content with the same version', { fromHash: '0'.repeat(32) }],
    ['a result that is not the one that was meant', { hash: '0'.repeat(32) }],
    ['a lost table', { tables: {} }],
  ])('is refused for %s', (_, damage) => {
    expect(() => applyDelta(first, { ...diffSnapshots(first, second), ...damage })).toThrow(DeltaMismatch);
    expect(hashContent(first)).toBe(first.hash);
  });

  it('is refused when it is applied twice', () => {
    const delta = diffSnapshots(first, second);
    expect(() => applyDelta(applyDelta(first, delta), delta)).toThrow('expected one from 2');
  });
});

it('one changed route among 5,000 is a delta of less than 2 KB', () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `service-${index}`);
  const containers = names.map((name) => sampleContainer(name, [`${name}.example.com`]));
  const before = sampleSnapshot(containers);
  const changed = containers.with(
    2_500,
    sampleContainer('service-2500', ['service-2500.example.com'], { plugins: [{ module: 'auth', options: {} }] }),
  );
  const after = sampleSnapshot(changed, before);
  const delta = diffSnapshots(before, after);
  expect(JSON.stringify(delta).length).toBeLessThan(2_048);
  expect(applyDelta(before, delta).hash).toBe(after.hash);
});
