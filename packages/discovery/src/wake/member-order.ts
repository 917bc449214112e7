import type { WakeMember } from '@dproxy/core';

export interface MemberOrder {
  /** Place of each container among the others: whoever is needed comes first, else by name. */
  readonly at: ReadonlyMap<string, number>;
  /** Why they can never all be started, in a sentence; empty: they can. */
  readonly problem: string;
}

/** By `depends_on`. What others may do without may be missing. */
export function orderMembers(members: readonly WakeMember[]): MemberOrder {
  const byService = Map.groupBy(members, ({ service }) => service);
  for (const { name, service, dependsOn } of members) {
    const missing = dependsOn.find((need) => need.required && !byService.has(need.service));
    if (missing !== undefined)
      return { at: new Map(), problem: `${service || name}: needs ${missing.service}, which is not there` };
  }
  const at = new Map<string, number>();
  let left = members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  while (left.length > 0) {
    const waiting = new Set(left.map(({ service }) => service));
    const free = left.filter(({ dependsOn }) => !dependsOn.some(({ service }) => waiting.has(service)));
    if (free.length === 0) return { at, problem: `${circleIn(left).join(', ')}: each needs another one to be first` };
    for (const { containerId } of free) at.set(containerId, at.size);
    const placed = new Set(free);
    left = left.filter((member) => !placed.has(member));
  }
  return { at, problem: '' };
}

/** Of those that wait for one another: who only waits for them is left out. */
function circleIn(left: readonly WakeMember[]): readonly string[] {
  let circle = left;
  for (;;) {
    const needed = new Set(circle.flatMap(({ dependsOn }) => dependsOn.map(({ service }) => service)));
    const next = circle.filter(({ service }) => needed.has(service));
    if (next.length === circle.length) return [...new Set(circle.map(({ service }) => service))].slice(0, 8);
    circle = next;
  }
}
