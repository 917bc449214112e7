import type { WakeMember } from '@dproxy/core';

/**
 * The order in which a group is stopped: whoever needs others goes before them, those of one step go together. A circle ends the
 * order: what is left goes at once.
 */
export function stopOrder(members: readonly WakeMember[]): readonly (readonly WakeMember[])[] {
  const steps: (readonly WakeMember[])[] = [];
  let left = members;
  while (left.length > 0) {
    const needed = new Set(left.flatMap(needsOf));
    const free = left.filter((member) => member.service === '' || !needed.has(member.service));
    const step = free.length === 0 ? left : free;
    steps.push(step);
    left = left.filter((member) => !step.includes(member));
  }
  return steps;
}

/** One that names itself does not wait for itself. */
function needsOf({ service, dependsOn }: WakeMember): readonly string[] {
  return dependsOn.map((need) => need.service).filter((needed) => needed !== service);
}
