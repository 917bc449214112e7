import type { Backend } from './backend.ts';
import { GroupNames } from './group-names.ts';
import type { Readiness } from './health-check.ts';
import type { Rejection } from './rejection.ts';
import type { RouteDefinition } from './route.ts';
import type { SourceState } from './source.ts';
import type { StreamDefinition } from './stream.ts';
import type { WakeMember, WakePlan } from './wake.ts';

type Definition = RouteDefinition | StreamDefinition;

/**
 * The same states, in which what the operator wrote (`wakes`) has the group that it names, and backends of which the states follow
 * from its containers: nothing else tells of a URL whether there is somebody behind it. What names no group, or could mean
 * several, wakes nothing and says so. So do groups that nothing leads to.
 *
 * @param isOwnedByProject as in `GroupNames`
 */
export function joinWakeGroups(states: readonly SourceState[], isOwnedByProject: boolean): readonly SourceState[] {
  const plans = states.flatMap(({ wakePlans = [] }) => wakePlans);
  const joined = states.some(namesGroups) ? joinAll(states, new GroupNames(plans, isOwnedByProject)) : states;
  return plans.length === 0 ? joined : withUnrouted(joined);
}

function joinAll(states: readonly SourceState[], names: GroupNames): readonly SourceState[] {
  const found = statesOfContainers(states);
  return states.map((state) => joinState(state, names, found));
}

/** By id, as far as they have backends of their own, such as that of their local name. */
type StatesOfContainers = ReadonlyMap<string, ReadonlySet<Backend['state']>>;

function statesOfContainers(states: readonly SourceState[]): StatesOfContainers {
  const found = new Map<string, Set<Backend['state']>>();
  for (const { definitions, streams = [] } of states) {
    for (const { containerId, state } of [...definitions, ...streams].flatMap(({ backends }) => backends)) {
      const known = found.get(containerId);
      if (known !== undefined) known.add(state);
      else if (containerId !== '') found.set(containerId, new Set([state]));
    }
  }
  return found;
}

function namesGroups({ definitions, streams = [] }: SourceState): boolean {
  return definitions.some(({ wakes }) => wakes !== undefined) || streams.some(({ wakes }) => wakes !== undefined);
}

function withEach(state: SourceState, change: <T extends Definition>(definition: T) => T): SourceState {
  const { definitions, streams } = state;
  return {
    ...state,
    definitions: definitions.map((each) => change(each)),
    ...(streams === undefined ? {} : { streams: streams.map((each) => change(each)) }),
  };
}

/** Ids of the backends that requests are sent to, as those of its filters are not. */
export function ownBackendIds(definition: Definition): ReadonlySet<string> {
  const refs = 'refs' in definition ? definition.refs : refsOf(definition);
  return new Set(refs.map(({ backendId }) => backendId));
}

function refsOf({ action }: RouteDefinition) {
  return action.type === 'forward' ? action.backends : [];
}

function joinState(state: SourceState, names: GroupNames, found: StatesOfContainers): SourceState {
  if (!namesGroups(state)) return state;
  const rejected: Rejection[] = [];
  const join = <T extends Definition>(definition: T): T => {
    if (definition.wakes === undefined) return definition;
    const plans = names.find(definition.wakes);
    const [plan] = plans;
    if (plan !== undefined && plans.length === 1) return inGroup(definition, plan, found);
    rejected.push(names.refuse(definition, definition.wakes, plans));
    return definition;
  };
  const joined = withEach(state, join);
  return { ...joined, rejected: [...state.rejected, ...rejected] };
}

function inGroup<T extends Definition>(definition: T, plan: WakePlan, found: StatesOfContainers): T {
  const own = ownBackendIds(definition);
  const members = plan.members.map(whoServes);
  const readiness: Readiness[] = [];
  const backends = definition.backends.map((backend) => {
    if (!own.has(backend.id)) return backend;
    const behind = membersBehind(backend, members);
    // A sum, because any of them may be the one that listens there: whoever is started or stopped, it is asked anew.
    readiness.push({
      backendId: backend.id,
      startedMs: running(behind).reduce((sum, each) => sum + each.startedMs, 0),
      ...readyAfter(behind),
    });
    return isKnown(behind, members) ? settle(follow(backend, behind, found), behind) : guess(backend, behind);
  });
  return { ...definition, wakeGroup: plan.id, backends, readiness: definition.readiness ?? readiness };
}

/** Of several, one that has long been ready may be the one that answers. */
function readyAfter(behind: readonly WakeMember[]): Pick<Readiness, 'afterMs'> {
  const [only] = behind;
  return only === undefined || behind.length > 1 || only.readyAfterMs === 0 ? {} : { afterMs: only.readyAfterMs };
}

function whoServes(member: WakeMember): WakeMember {
  return member.predecessor === undefined ? member : { ...member, ...member.predecessor, state: 'running' };
}

/** Those that its address names: by container or service, by an address of now, by a published port; else any may be the one. */
function membersBehind({ address, port }: Backend, members: readonly WakeMember[]): readonly WakeMember[] {
  const ways: readonly ((member: WakeMember) => boolean)[] = [
    ({ name, service }) => name === address || service === address,
    ({ addresses }) => addresses.includes(address),
    ({ hostPorts }) => hostPorts.includes(port),
  ];
  for (const isBehind of ways) {
    const found = members.filter(isBehind);
    if (found.length > 0) return found;
  }
  return members;
}

/** Whether it is certain that they are behind a backend. */
function isKnown(behind: readonly WakeMember[], members: readonly WakeMember[]): boolean {
  return behind !== members || members.length === 1;
}

/** Any of them may be behind it: what one of them does says nothing while another one runs. */
function guess(backend: Backend, members: readonly WakeMember[]): Backend {
  return running(members).length > 0 ? backend : settle(backend, members);
}

/** These are behind it. */
function settle(backend: Backend, members: readonly WakeMember[]): Backend {
  if (members.some(({ state }) => state === 'paused'))
    return { ...backend, state: 'paused', reason: 'its containers are paused: a request lets them go on' };
  const up = running(members);
  if (up.length === 0)
    return { ...backend, state: 'stopped', reason: 'its containers do not run: a request starts them' };
  if (up.every(({ health }) => health === 'starting'))
    return { ...backend, state: 'starting', reason: 'the health check of its container has not passed yet' };
  if (up.every(({ health }) => health === 'starting' || health === 'unhealthy'))
    return { ...backend, state: 'unhealthy', reason: 'the health check of its container fails' };
  return backend;
}

/**
 * What a container says at its end, before anybody can look at it again. Nothing else: it may serve another port, where nobody listens
 * or a check fails, and that is not what the operator wrote.
 */
function follow(backend: Backend, members: readonly WakeMember[], found: StatesOfContainers): Backend {
  const states = new Set(members.flatMap(({ containerId }) => [...(found.get(containerId) ?? [])]));
  const state = states.has('ready') ? undefined : ENDS.find((each) => states.has(each));
  return state === undefined ? backend : { ...backend, state, reason: `its container is ${state}` };
}

const ENDS = ['draining', 'stopped'] as const;

function running(members: readonly WakeMember[]): readonly WakeMember[] {
  return members.filter(({ state }) => state === 'running');
}

/** They are left alone: nothing could wake them. */
function withUnrouted(states: readonly SourceState[]): readonly SourceState[] {
  const used = new Set<string>();
  for (const { definitions, streams = [] } of states)
    for (const { wakeGroup = '' } of [...definitions, ...streams]) used.add(wakeGroup);
  return states.map((state) => {
    const unrouted = (state.wakePlans ?? []).filter(({ id }) => !used.has(id)).map(unroutedRejection);
    return unrouted.length === 0 ? state : { ...state, rejected: [...state.rejected, ...unrouted] };
  });
}

function unroutedRejection({ name, members }: WakePlan): Rejection {
  return {
    source: `docker:${members[0]?.name ?? ''}`,
    line: 0,
    column: 0,
    message: `its group ${name} is not put to sleep: no route leads to one of its containers, so that nothing could wake it`,
    expected: 'a host or a public port of one of its containers, or wake in a route of dproxy.yml',
  };
}
