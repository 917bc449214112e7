import type { WakeOptions } from '@dproxy/config';
import type { Rejection, WakeMember, WakePlan } from '@dproxy/core';
import type { Container } from '../container.ts';
import { composeDependencies } from './compose-labels.ts';
import { groupsOf, isSwarmTask, type SleepGroup, type Sleeper } from './plan-groups.ts';
import { settleOptions } from './plan-options.ts';

/** More are told of, and left alone: nobody can watch that many start. */
const MAX_MEMBERS = 64;
const MAX_NAME_LENGTH = 120;

export interface WakeFacts {
  /** As in `Origin.source`. */
  readonly source: string;
  /** What holds for groups that do not say it themselves. */
  readonly defaults: WakeOptions;
  /** As in `DiscoverySettings`. */
  readonly isOwnedByProject: boolean;
}

export interface WakePlanning {
  readonly plans: readonly WakePlan[];
  /** By container id: the group that its routes and streams wake. */
  readonly groups: ReadonlyMap<string, string>;
  readonly rejected: readonly Rejection[];
  /** By the first of its keys: what became of each group. */
  readonly made: ReadonlyMap<string, MadePlan>;
}

export interface MadePlan {
  readonly sleepers: readonly Sleeper[];
  /** Undefined: it is left alone. */
  readonly plan: WakePlan | undefined;
  readonly rejected: readonly Rejection[];
}

export const NO_PLANS: WakePlanning = { plans: [], groups: new Map(), rejected: [], made: new Map() };

/**
 * The groups that these containers form, and how they sleep. Pure.
 *
 * @param sleepers those that say something of sleep, and the others of their compose projects; never dproxy's own container
 * @param before made with the same facts: what has not changed is taken from it
 */
export function wakePlans(sleepers: readonly Sleeper[], facts: WakeFacts, before = NO_PLANS): WakePlanning {
  const groups = new Map<string, string>();
  const made = new Map<string, MadePlan>();
  for (const group of groupsOf(sleepers, facts.isOwnedByProject)) {
    const key = group.keys.join('\n');
    const known = before.made.get(key);
    const next = known !== undefined && isSameList(known.sleepers, group.sleepers) ? known : planOf(group, facts);
    made.set(key, next);
    for (const { containerId } of next.plan?.members ?? []) groups.set(containerId, next.plan?.id ?? '');
  }
  const all = [...made.values()];
  return {
    plans: all.flatMap(({ plan }) => plan ?? []),
    groups,
    rejected: [
      ...sleepers.filter(isClaimingTask).map(({ container }) => taskRejection(container)),
      ...all.flatMap((each) => each.rejected),
    ],
    made,
  };
}

function isSameList(a: readonly Sleeper[], b: readonly Sleeper[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function planOf({ keys, sleepers: all }: SleepGroup, { source, defaults }: WakeFacts): MadePlan {
  const first = all.slice(0, MAX_MEMBERS);
  const { options, name: said, rejected: differences } = settleOptions(first, defaults);
  const name = said === '' ? nameOf(keys) : said;
  const oldest = first[0]?.container.name ?? '';
  const [left, sleepers] = partition(first, ({ container }) => options.method === 'stop' && container.isAutoRemoved);
  const rejected = [
    ...differences,
    ...(all.length > first.length ? [tooMany(oldest, name, all.length)] : []),
    ...left.map(({ container }) => autoRemoved(container, name)),
  ];
  if (sleepers.length === 0) return { sleepers: all, plan: undefined, rejected };
  const { awake, timeZone, ...rest } = options;
  const plan: WakePlan = {
    ...rest,
    id: `${source}/${keys[0] ?? ''}`,
    keys,
    name,
    members: membersOf(sleepers),
    awake: awake.map((time) => ({ ...time, timeZone })),
  };
  return { sleepers: all, plan, rejected };
}

function partition<T>(list: readonly T[], isFirst: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter((item) => isFirst(item)), list.filter((item) => !isFirst(item))];
}

function nameOf(keys: readonly string[]): string {
  const names = keys.map((key) => key.slice(key.indexOf(':') + 1));
  return names
    .map((name) => name.slice(name.indexOf('/') + 1))
    .join(', ')
    .slice(0, MAX_NAME_LENGTH);
}

function membersOf(sleepers: readonly Sleeper[]): readonly WakeMember[] {
  const projects = new Set(sleepers.map(({ compose }) => compose.project));
  // A group of several projects may have two services of one name: each waits for its own.
  const nameOfService = (project: string, service: string): string =>
    service === '' || projects.size === 1 ? service : `${project}/${service}`;
  const services = new Map(
    sleepers.map(({ container: { id }, compose }) => [id, nameOfService(compose.project, compose.service)]),
  );
  const known = new Set(services.values());
  return sleepers.map(({ container, compose: { project }, claims, predecessor }) => {
    const service = services.get(container.id) ?? '';
    const own = composeDependencies(container.labels).map((each) => ({
      ...each,
      service: nameOfService(project, each.service),
    }));
    const owner = services.get(networkOwnerId(container)) ?? '';
    const all = own.some((each) => each.service === owner)
      ? own
      : [...own, { service: owner, condition: 'started' as const, required: true }];
    return {
      containerId: container.id,
      name: container.name,
      service,
      state: stateOf(container),
      health: container.health,
      exitCode: container.exitCode,
      startedMs: startedMsOf(container),
      readyAfterMs: claims?.readyAfterMs ?? 0,
      ...placesOf(container),
      ...(predecessor === undefined ? {} : { predecessor: predecessorOf(predecessor) }),
      // Nobody waits for what is no member: it may be kept running by hand, and is not to be started.
      dependsOn: all.filter((each) => each.service !== '' && each.service !== service && known.has(each.service)),
    };
  });
}

function predecessorOf(container: Container): NonNullable<WakeMember['predecessor']> {
  const { id: containerId, name, health } = container;
  return { containerId, name, health, startedMs: startedMsOf(container), ...placesOf(container) };
}

/** The engine writes the year 1 for never. */
function startedMsOf({ startedMs }: Container): number {
  return Math.max(0, startedMs);
}

function placesOf({ attachments, hostPorts }: Container): Pick<WakeMember, 'addresses' | 'hostPorts'> {
  return { addresses: attachments.flatMap(({ address }) => (address === '' ? [] : address)), hostPorts };
}

/** The container whose network it uses, which must run before it. */
function networkOwnerId({ networkMode }: Container): string {
  return networkMode.startsWith('container:') ? networkMode.slice('container:'.length) : '';
}

function stateOf({ state }: Container): WakeMember['state'] {
  switch (state) {
    // The engine starts it again by itself.
    case 'restarting':
    case 'running':
      return 'running';
    case 'paused':
      return 'paused';
    case 'created':
    case 'exited':
      return 'stopped';
    // Half removed: it can only be removed.
    case 'dead':
    case 'removing':
      return 'removing';
    default:
      return state satisfies never;
  }
}

function isClaimingTask({ container, claims }: Sleeper): boolean {
  return claims !== undefined && claims.scope !== 'none' && isSwarmTask(container.labels);
}

function taskRejection({ name }: Container): Rejection {
  const message =
    'it is not put to sleep: it is a task of a Swarm service, and Swarm makes another one when it is stopped';
  return rejection(name, message, 'a container that Swarm does not manage');
}

function tooMany(name: string, group: string, count: number): Rejection {
  const message = `its group ${group} has ${count} containers: only the ${MAX_MEMBERS} oldest sleep and wake`;
  return rejection(name, message, `at most ${MAX_MEMBERS} containers in one group`);
}

function autoRemoved({ name }: Container, group: string): Rejection {
  const message = `it is left out of its group ${group}: it was made with --rm, and stopping it would remove it`;
  return rejection(name, message, 'a container made without --rm, or dproxy.wake.method=pause');
}

function rejection(name: string, message: string, expected: string): Rejection {
  return { source: `docker:${name}`, line: 0, column: 0, message, expected };
}
