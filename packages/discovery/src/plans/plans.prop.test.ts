import { DEFAULT_WAKE } from '@dproxy/config';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { containerOf } from '../_container-of.ts';
import { factsOf } from '../_facts-of.ts';
import { describeContainer } from '../describe-container.ts';
import { composeLabels } from './compose-labels.ts';
import type { Sleeper } from './plan-groups.ts';
import { wakePlans } from './plans.ts';

const word = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'a,b', 'b,c', '');
const flag = fc.constantFrom('true', 'false', 'yes', 'True');
/** Those that have to do with sleep, sensible or not. */
const labels = fc.record(
  {
    'com.docker.compose.project': word,
    'com.docker.compose.service': word,
    'com.docker.compose.container-number': fc.constantFrom('1', '2'),
    'com.docker.compose.oneoff': flag,
    'com.docker.compose.depends_on': fc.constantFrom('a', 'b:service_healthy:true', 'a:,b', ':::,,'),
    'dproxy.host': fc.constantFrom('x.test', 'y.test'),
    'dproxy.wake': flag,
    'dproxy.wake.group': word,
    'dproxy.wake.idle': fc.constantFrom('1s', '30m', 'soon'),
    'sablier.enable': flag,
    'sablier.group': word,
    'lazytainer.group': word,
    'io.docksal.project-root': word,
    'com.docker.swarm.task.id': word,
  },
  { requiredKeys: [] },
);
const parts = fc.record({ labels, isAutoRemoved: fc.boolean(), createdMs: fc.nat(5) });

type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

function sleeperOf({ labels: labelled, ...rest }: Parts, index: number): Sleeper {
  const id = index.toString(16).padStart(64, '0');
  const container = containerOf({ id, name: `c${index}`, labelled, ...rest });
  const { wake: claims, definitions, streams } = describeContainer(container, factsOf());
  return { container, compose: composeLabels(container.labels), claims, definitions, streams };
}

test('whatever labels say, each container is in one group at most, and none that is not to be stopped', () => {
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), fc.boolean(), (all, isOwnedByProject) => {
      const sleepers = all.map(sleeperOf);
      const facts = { source: 'docker:e', defaults: DEFAULT_WAKE, isOwnedByProject };
      const planning = wakePlans(sleepers, facts);
      const byId = new Map(sleepers.map((sleeper) => [sleeper.container.id, sleeper]));
      const members = planning.plans.flatMap((plan) => plan.members);
      expect(new Set(members.map(({ containerId }) => containerId)).size).toBe(members.length);
      expect(new Set(planning.plans.map(({ id }) => id)).size).toBe(planning.plans.length);
      expect(planning.groups.size).toBe(members.length);
      for (const { containerId } of members) {
        const sleeper = byId.get(containerId);
        expect(sleeper?.claims?.scope).not.toBe('none');
        expect([sleeper?.compose.isOneOff, sleeper?.container.isAutoRemoved]).toEqual([false, false]);
      }
      for (const plan of planning.plans) {
        const services = new Set(plan.members.map(({ service }) => service));
        const needed = plan.members.flatMap(({ dependsOn }) => dependsOn.map(({ service }) => service));
        expect(services.isSupersetOf(new Set(needed))).toBe(true);
        const projects = new Set(plan.members.map(({ containerId }) => byId.get(containerId)?.compose.project));
        if (isOwnedByProject) expect(projects.size).toBe(1);
      }
      const again = wakePlans(sleepers.toReversed(), facts, planning);
      expect(again.plans).toEqual(planning.plans);
      expect(again.plans.every((plan) => planning.plans.includes(plan))).toBe(true);
    }),
  );
});
