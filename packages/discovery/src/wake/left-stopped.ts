import type { WakeMember, WakePlan } from '@dproxy/core';
import { asleepIn, isAsleep } from './decide-wake.ts';

/** What a request would come to, by what somebody has stopped by hand. */
export interface Wakeable {
  /** Ids of the containers that are left as they are. */
  readonly left: ReadonlySet<string>;
  /** Whoever could answer is among them: nothing is started. */
  readonly isOff: boolean;
  /** Something of the rest has to be started. */
  readonly isAsleep: boolean;
}

/**
 * @param ours ids of those that sleep because we put them to sleep
 * @param servers ids of the containers that routes of the group lead to; empty: it is not known
 */
export function wakeableOf(plan: WakePlan, ours: ReadonlySet<string>, servers: ReadonlySet<string>): Wakeable {
  const left = leftStopped(plan, ours);
  const isAll = plan.members.every(({ containerId }) => left.has(containerId));
  const isOff = left.size > 0 && (isAll || (servers.size > 0 && servers.isSubsetOf(left)));
  return { left, isOff, isAsleep: isAsleep(withoutMembers(plan, left).members) };
}

/**
 * The containers of a group that no request starts, by id: where `afterManualStop` is false, those that somebody has stopped, and
 * those that cannot do without them.
 *
 * @param ours ids of those that sleep because we put them to sleep
 */
export function leftStopped({ afterManualStop, members }: WakePlan, ours: ReadonlySet<string>): ReadonlySet<string> {
  if (afterManualStop) return new Set();
  const asleep = asleepIn(members);
  // One that was only made so far was stopped by nobody.
  let left = asleep.filter(({ containerId, startedMs }) => startedMs > 0 && !ours.has(containerId));
  for (;;) {
    const missing = missingServices(members, left);
    const stuck = asleep.filter((member) => !left.includes(member) && needsAny(member, missing));
    if (stuck.length === 0) return new Set(left.map(({ containerId }) => containerId));
    left = [...left, ...stuck];
  }
}

/** The same group without some of its containers. What they are needed for otherwise does without them. */
export function withoutMembers(plan: WakePlan, ids: ReadonlySet<string>): WakePlan {
  if (ids.size === 0) return plan;
  const members = plan.members.filter(({ containerId }) => !ids.has(containerId));
  const services = new Set(members.map(({ service }) => service));
  const settled = members.map((member) => ({
    ...member,
    dependsOn: member.dependsOn.filter(({ service }) => services.has(service)),
  }));
  return { ...plan, members: settled };
}

/** Of which no container is left. */
function missingServices(members: readonly WakeMember[], left: readonly WakeMember[]): ReadonlySet<string> {
  const present = new Set(members.filter((member) => !left.includes(member)).map(({ service }) => service));
  return new Set(left.map(({ service }) => service).filter((service) => service !== '' && !present.has(service)));
}

function needsAny({ dependsOn }: WakeMember, services: ReadonlySet<string>): boolean {
  return dependsOn.some(({ service, required }) => required && services.has(service));
}
