import { expect, test } from 'vitest';
import type { WakeClaims } from '../dialects/dialect.ts';
import { joinClaims } from './claims.ts';

const PLAIN: WakeClaims = {
  scope: 'alone',
  groups: [],
  name: '',
  options: {},
  isPermanent: false,
  readyAfterMs: 0,
};

test('the first that speaks says with whom; of options, the first that says one', () => {
  const first = { ...PLAIN, scope: 'project' as const, options: { idleMs: 60_000 } };
  const second = {
    ...PLAIN,
    scope: 'groups' as const,
    groups: ['a'],
    name: 'A',
    options: { idleMs: 1_000, theme: 'ghost' },
    isPermanent: true,
    readyAfterMs: 5,
  };
  expect(joinClaims([{}, { wake: first }, { wake: second }])).toEqual({
    scope: 'project',
    groups: [],
    name: 'A',
    options: { idleMs: 60_000, theme: 'ghost' },
    isPermanent: true,
    readyAfterMs: 5,
  });
});

test('who wants to take no part takes none, whoever else says otherwise', () => {
  const none = { ...PLAIN, scope: 'none' as const };
  expect(joinClaims([{ wake: PLAIN }, { wake: none }])?.scope).toBe('none');
  expect(joinClaims([{}, {}])).toBeUndefined();
});
