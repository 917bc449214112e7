import type { WakeMember, WakeStep } from '@dproxy/core';
import { orderMembers } from './member-order.ts';
import type { SeenContainer } from './wake-engine.ts';

/** What this wake has done to one container so far. */
export interface Attempt {
  /** A call is under way. */
  readonly isCalling: boolean;
  /** When the engine said that it was started, by our clock; 0: not by us. */
  readonly startedMs: number;
  /** Its pause was ended by us: what a health check has found meanwhile does not count yet. */
  readonly isUnpaused: boolean;
  /** Since when it was seen running, without an end; 0: it does not run. */
  readonly runningMs: number;
  /** Why it cannot be started; empty: it can. */
  readonly trouble: string;
}

export const NO_ATTEMPT: Attempt = { isCalling: false, startedMs: 0, isUnpaused: false, runningMs: 0, trouble: '' };

export interface MemberFacts {
  readonly member: WakeMember;
  /** `gone`: there is no such container; undefined: the engine did not say. */
  readonly seen: SeenContainer | 'gone' | undefined;
  /** When the engine was asked for it. */
  readonly lookedMs: number;
  readonly attempt: Attempt;
}

export interface WakeDecision {
  readonly outcome: 'going on' | 'ready' | 'failed';
  /** Containers to start, and to unpause, now. */
  readonly start: readonly SeenContainer[];
  readonly unpause: readonly SeenContainer[];
  /** In the order of their start. */
  readonly steps: readonly WakeStep[];
  /** One sentence for those who wait. */
  readonly message: string;
  /** What that would be if the time were over now. */
  readonly lateMessage: string;
  /** Whose log may say more. */
  readonly waitsFor: SeenContainer | undefined;
}

/** One that we have started is not ready before, unless it is served: programs that cannot run end at once. */
const SETTLE_MS = 1_000;
/** One that ended and was started anew by the engine is not taken for ready so soon again. */
const STEADY_MS = 10_000;

type Phase =
  | { readonly is: 'waiting' | 'down' | 'paused' | 'starting' | 'running' | 'ready' | 'done' }
  | { readonly is: 'failed'; readonly reason: string };

interface Member extends MemberFacts {
  /** What the steps call it. */
  readonly label: string;
  readonly phase: Phase;
}

export interface WakeMoment {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Requests for the group are served. */
  readonly isServed: boolean;
}

/** Looks at a group and says the one next thing to do. Called again and again, it forgets nothing and assumes nothing. */
export function decideWake(facts: readonly MemberFacts[], moment: WakeMoment): WakeDecision {
  const order = orderMembers(facts.map(({ member }) => member));
  if (order.problem !== '') return failed(order.problem, []);
  const isTask = tasksOf(facts.map(({ member }) => member));
  const services = facts.map(({ member }) => member.service);
  const members = facts
    .map((each): Member => ({ ...each, label: labelOf(each.member, services), phase: phaseOf(each, isTask, moment) }))
    .toSorted((a, b) => (order.at.get(a.member.containerId) ?? 0) - (order.at.get(b.member.containerId) ?? 0));
  const withWaits = members.map((each) =>
    isHeldBack(each, members) ? { ...each, phase: { is: 'waiting' } as const } : each,
  );
  return summarise(withWaits, moment.nowMs);
}

function summarise(members: readonly Member[], nowMs: number): WakeDecision {
  const steps = members.map(({ label, phase }): WakeStep => ({ name: label, state: STEP_OF[phase.is] })).slice(0, 32);
  for (const each of members) {
    const { label, phase, member } = each;
    if (phase.is === 'failed' && !isOptional(member, members))
      return failed(`${label}: ${phase.reason}`, steps, seenOf(each));
  }
  const open = members.filter(({ phase }) => phase.is !== 'ready' && phase.is !== 'done' && phase.is !== 'failed');
  const [first] = open;
  if (first === undefined && members.every(({ phase }) => phase.is === 'done' || phase.is === 'failed')) {
    const [ended] = members;
    return failed(
      ended === undefined ? 'it has no containers' : `${ended.label}: ended as soon as it was started`,
      steps,
      seenOf(ended),
    );
  }
  const current = open.find(({ phase }) => phase.is !== 'waiting') ?? first;
  return {
    outcome: first === undefined ? 'ready' : 'going on',
    start: seenIn(open, 'down'),
    unpause: seenIn(open, 'paused'),
    steps,
    message: current === undefined ? 'waiting for it to take requests' : messageOf(current, nowMs),
    lateMessage: current === undefined ? 'it runs, but does not take requests' : lateMessageOf(current),
    waitsFor: current === undefined ? seenOf(members.at(-1)) : seenOf(current),
  };
}

const STEP_OF = {
  waiting: 'waiting',
  down: 'starting',
  paused: 'starting',
  starting: 'starting',
  running: 'running',
  ready: 'ready',
  done: 'ready',
  failed: 'failed',
} as const;

function phaseOf(
  { member, seen, lookedMs, attempt }: MemberFacts,
  isTask: ReadonlySet<string>,
  moment: WakeMoment,
): Phase {
  if (attempt.trouble !== '') return { is: 'failed', reason: attempt.trouble };
  if (seen === undefined) return { is: 'starting' };
  if (seen === 'gone') return { is: 'failed', reason: 'it is gone' };
  const isOurs = attempt.startedMs > 0;
  switch (seen.state) {
    case 'removing':
    case 'dead':
      return { is: 'failed', reason: 'it is being removed' };
    case 'restarting':
      return { is: 'starting' };
    case 'paused':
      return { is: attempt.isCalling ? 'starting' : 'paused' };
    case 'running':
      if (isTask.has(member.service)) return { is: 'running' };
      return runningPhase({ member, seen, attempt }, moment);
    case 'created':
    case 'exited':
      if (attempt.isCalling) return { is: 'starting' };
      // Looked at before the answer to the start came: it says nothing about what became of it.
      if (isOurs && lookedMs <= attempt.startedMs) return { is: 'starting' };
      if (isOurs)
        return seen.exitCode === 0 ? { is: 'done' } : { is: 'failed', reason: `exited with code ${seen.exitCode}` };
      if (isTask.has(member.service) && seen.exitCode === 0 && seen.startedMs > 0) return { is: 'done' };
      return { is: 'down' };
    default:
      return seen.state satisfies never;
  }
}

interface Running {
  readonly member: WakeMember;
  readonly seen: SeenContainer;
  readonly attempt: Attempt;
}

function runningPhase({ member, seen, attempt }: Running, { nowMs, isServed }: WakeMoment): Phase {
  const isOurs = attempt.startedMs > 0;
  const sinceSeenMs = attempt.runningMs === 0 ? 0 : nowMs - attempt.runningMs;
  if (isOurs && seen.restarts > 0 && sinceSeenMs < STEADY_MS) return { is: 'running' };
  if (seen.health === 'healthy') return { is: 'ready' };
  if (seen.health === 'unhealthy' && !isOurs && !attempt.isUnpaused) return { is: 'failed', reason: 'is unhealthy' };
  if (seen.health !== 'none') return { is: 'running' };
  // As long as the engine has not answered to the start, it is as young as can be.
  const ageMs = isOurs ? nowMs - attempt.startedMs : attempt.isCalling ? 0 : Number.POSITIVE_INFINITY;
  if (!isServed && ageMs < SETTLE_MS) return { is: 'running' };
  // The clock of the engine may be another one: what we saw ourselves is enough.
  const isReady = sinceSeenMs >= member.readyAfterMs || nowMs - seen.startedMs >= member.readyAfterMs;
  return { is: isReady ? 'ready' : 'running' };
}

/** By what the engine last told: something of it would have to be started. */
export function isAsleep(members: readonly WakeMember[]): boolean {
  return asleepIn(members).length > 0;
}

/** Those that would have to be started; not tasks that are done. */
export function asleepIn(members: readonly WakeMember[]): readonly WakeMember[] {
  const isTask = tasksOf(members);
  return members.filter(({ state, service, exitCode, startedMs, predecessor }) => {
    const isDone = isTask.has(service) && state === 'stopped' && exitCode === 0 && startedMs > 0;
    return state !== 'running' && !isDone && predecessor === undefined;
  });
}

/** Services that others wait for until they have ended. */
function tasksOf(members: readonly WakeMember[]): ReadonlySet<string> {
  const needs = members.flatMap(({ dependsOn }) => dependsOn);
  return new Set(needs.filter(({ condition }) => condition === 'completed').map(({ service }) => service));
}

/** Only what has to be started waits for others. */
function isHeldBack({ member, seen, phase }: Member, members: readonly Member[]): boolean {
  if (phase.is !== 'down') return false;
  if (member.predecessor !== undefined) return true;
  const networkOf = typeof seen === 'object' ? seen.networkOf : '';
  const owner = members.find((other) => networkOf !== '' && other.member.containerId === networkOf);
  if (owner !== undefined && !isStarted(owner)) return true;
  return member.dependsOn.some(({ service, condition }) => {
    const needed = members.filter((other) => other.member.service === service && other.member !== member);
    // One that may be missing may fail, too: whoever needs it badly says so.
    return needed.some((other) => other.phase.is !== 'failed' && !meets(other, condition));
  });
}

function meets(other: Member, condition: 'started' | 'healthy' | 'completed'): boolean {
  switch (condition) {
    case 'started':
      return isStarted(other);
    case 'healthy':
      return other.phase.is === 'ready' || other.phase.is === 'done';
    case 'completed':
      return other.phase.is === 'done';
    default:
      return condition satisfies never;
  }
}

function isStarted({ phase }: Member): boolean {
  return phase.is === 'running' || phase.is === 'ready' || phase.is === 'done';
}

/** All who need it can do without. */
function isOptional({ service }: WakeMember, members: readonly Member[]): boolean {
  const needs = members.flatMap(({ member }) => member.dependsOn).filter((need) => need.service === service);
  return service !== '' && needs.length > 0 && needs.every(({ required }) => !required);
}

function messageOf({ label, phase, seen, attempt }: Member, nowMs: number): string {
  if (phase.is === 'waiting') return `${label} waits for others`;
  if (phase.is !== 'running' || typeof seen !== 'object') return `${label} is being started`;
  if (attempt.startedMs > 0 && seen.restarts > 0) return `${label} ended and is started again`;
  if (seen.health !== 'none') return `waiting for ${label} to become healthy`;
  return nowMs - attempt.startedMs < SETTLE_MS ? `${label} is being started` : `waiting for ${label} to be ready`;
}

function lateMessageOf({ label, phase, seen }: Member): string {
  if (seen === undefined) return `${label}: the engine does not say how it is`;
  const isSeen = typeof seen === 'object';
  // One that runs for the moment has no code.
  if (isSeen && seen.state === 'restarting') return `${label}: keeps ending with code ${seen.exitCode}`;
  if (isSeen && seen.restarts > 0) return `${label}: keeps ending`;
  if (phase.is === 'running')
    return isSeen && seen.health !== 'none'
      ? `${label}: did not become healthy in time`
      : `${label}: was not ready in time`;
  return `${label}: was not started in time`;
}

/** Of several containers of one service each has its own name. */
function labelOf({ service, name }: WakeMember, services: readonly string[]): string {
  return service !== '' && services.filter((other) => other === service).length === 1 ? service : name;
}

function seenIn(members: readonly Member[], phase: 'down' | 'paused'): readonly SeenContainer[] {
  return members.flatMap(({ seen, phase: { is } }) => (is === phase && typeof seen === 'object' ? [seen] : []));
}

function seenOf(member: Member | undefined): SeenContainer | undefined {
  return typeof member?.seen === 'object' ? member.seen : undefined;
}

function failed(message: string, steps: readonly WakeStep[], waitsFor?: SeenContainer): WakeDecision {
  return { outcome: 'failed', start: [], unpause: [], waitsFor, steps, message, lateMessage: message };
}
