import { expect, it } from 'vitest';
import { containerOf } from '../_container-of.ts';
import { composeLabels } from './compose-labels.ts';
import { groupsOf, type Sleeper } from './plan-groups.ts';

function alone(name: string): Sleeper {
  const container = containerOf({ name });
  const claims = { scope: 'alone', groups: [], name: '', options: {}, isPermanent: false, readyAfterMs: 0 } as const;
  return { container, compose: composeLabels(container.labels), claims, definitions: [], streams: [] };
}

it('leaves a container alone whose name is longer than what workers take for an id', () => {
  expect(groupsOf([alone('a'.repeat(255))], false)).toHaveLength(1);
  expect(groupsOf([alone('a'.repeat(5_000))], false)).toEqual([]);
});
