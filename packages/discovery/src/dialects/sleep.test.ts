import { expect, test } from 'vitest';
import { inputOf } from './_input-of.ts';
import { lazytainer, sablier } from './sleep.ts';

test('Sablier: only "true" enables, groups are a list', () => {
  const read = (labelled: Readonly<Record<string, string>>) => sablier.read(inputOf({ labelled }));
  expect(read({ 'sablier.enable': 'true', 'sablier.group': 'a, b', 'sablier.ready-after': '30s' })).toMatchObject({
    problems: [],
    wake: { groups: ['a', 'b'], readyAfterMs: 30_000, idleMs: 0 },
  });
  expect(read({ 'sablier.enable': 'true', 'sablier.running-hours': '09:00-18:00' })).toMatchObject({
    problems: [],
    wake: { groups: [] },
  });
  expect(read({ 'sablier.enable': 'yes', 'sablier.group': 'a' }).wake).toBeUndefined();
  expect(read({ 'sablier.enable': 'true', 'sablier.ready-after': 'soon' })).toMatchObject({
    problems: [{ message: 'sablier.ready-after=soon cannot be used', expected: 'a duration such as 30s' }],
  });
});

test('Lazytainer: the group of a container, and nothing from its own settings', () => {
  const read = (labelled: Readonly<Record<string, string>>) => lazytainer.read(inputOf({ labelled }));
  expect(read({ 'lazytainer.group': 'games' })).toMatchObject({ problems: [], wake: { groups: ['games'] } });
  expect(read({ 'lazytainer.group.games.ports': '25565' })).toMatchObject({ problems: [] });
  expect(read({ 'lazytainer.group.games.ports': '25565' }).wake).toBeUndefined();
  expect(read({ 'lazytainer.group': 'a b' })).toMatchObject({
    problems: [{ message: 'lazytainer.group=a b cannot be used' }],
  });
});

test('neither of them routes or claims anything', () => {
  for (const dialect of [sablier, lazytainer]) {
    expect(dialect.isPublicClaim('label', `${dialect.name}.group`)).toBe(false);
    expect(dialect.isOwnWord('label', `${dialect.name}.group`)).toBe(true);
    expect(dialect.isOwnWord('env', `${dialect.name}.group`)).toBe(false);
  }
});
