import type { Log, WakePlan, WakeStep } from '@dproxy/core';
import { decideWake, NO_ATTEMPT, type Attempt, type MemberFacts, type WakeDecision } from './decide-wake.ts';
import { ShownLog } from './shown-log.ts';
import type { SeenContainer, WakeEngine } from './wake-engine.ts';
import { wakeTrouble, WakeTrouble } from './wake-trouble.ts';

/** What is to be told while a group is being woken. */
export interface WakeReport {
  readonly message: string;
  readonly steps: readonly WakeStep[];
  readonly log: readonly string[];
}

export interface WakeOutcome extends WakeReport {
  /** `partly`: all of it runs and some requests are served; others have nobody who takes them. */
  readonly state: 'awake' | 'partly' | 'failed' | 'refused' | 'over-budget';
}

export interface WakeTiming {
  /** How long to wait before looking again where nothing says that something has changed. */
  readonly lookEveryMs: number;
  /** The same once there is nothing to be started: what it waits for is told to us. */
  readonly waitEveryMs: number;
  readonly logEveryMs: number;
}

export const WAKE_TIMING: WakeTiming = { lookEveryMs: 200, waitEveryMs: 500, logEveryMs: 1_000 };

export interface GroupWakeOptions {
  /** The newest; undefined: there is no such group any more. */
  readonly plan: () => WakePlan | undefined;
  /** @throws WakeTrouble */
  readonly engine: () => Promise<WakeEngine>;
  /** Whether requests for it are served. */
  readonly isServed: () => boolean;
  /** Whether some of them are. */
  readonly isPartlyServed: () => boolean;
  /** Asked once, before anything is started. False: it may not be. */
  readonly mayStart: () => boolean;
  readonly report: (report: WakeReport) => void;
  /** All that could be started by now has been, and its engine has nothing to do for it: what follows is waiting. May come often. */
  readonly onStarted: () => void;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly timing: WakeTiming;
}

const LOOK_MS = 10;

/**
 * Wakes one group, once. Level-triggered: it looks at the containers, does the one next thing, and looks again, whoever else starts
 * and stops them meanwhile.
 *
 *     look --> decide --> ready and served --> awake
 *      ^          |------> one cannot be started, or the time is over --> failed, partly
 *      |          |------> engine away --> refused
 *      |          v
 *      +-- start, unpause; wait for a change or 200 ms
 */
export class GroupWake {
  readonly #options: GroupWakeOptions;
  readonly #attempts = new Map<string, Attempt>();
  readonly #calls = new Set<Promise<void>>();
  #wakeUp: (() => void) | undefined;
  #isStopped = false;
  #hasLeave: boolean | undefined;
  #away: WakeTrouble | undefined;
  readonly #shownLog: ShownLog;

  constructor(options: GroupWakeOptions) {
    this.#options = options;
    const { log, nowMs, timing } = options;
    this.#shownLog = new ShownLog({ log, nowMs, everyMs: timing.logEveryMs });
  }

  /** Something may have changed. */
  poke(): void {
    this.#wakeUp?.();
  }

  /** Ends `run` soon; containers are left as they are. */
  stop(): void {
    this.#isStopped = true;
    this.poke();
  }

  /** To be called once. Never rejects; calls to the engine may still be under way then. */
  async run(): Promise<WakeOutcome> {
    try {
      const engine = await this.#options.engine();
      return await this.#run(engine);
    } catch (error) {
      return this.#endBy(error);
    }
  }

  /** No call to the engine is under way any more. To be asked after `run`. */
  async settled(): Promise<void> {
    await Promise.all(this.#calls);
    await this.#shownLog.settled();
  }

  async #run(engine: WakeEngine): Promise<WakeOutcome> {
    const { nowMs, isServed, plan: newest } = this.#options;
    const timeoutMs = newest()?.timeoutMs ?? 0;
    const deadlineMs = nowMs() + timeoutMs;
    for (;;) {
      const plan = newest();
      if (plan === undefined) return outcome('failed', { message: 'it is not there any more', steps: [], log: [] });
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const decision = decideWake(await this.#look(engine, plan), { nowMs: nowMs(), isServed: isServed() });
      const end = this.#isStopped
        ? outcome('refused', this.#reportOf(decision, 'dproxy stops'))
        : this.#judge(decision, deadlineMs);
      // oxlint-disable-next-line no-await-in-loop -- see above
      if (end !== undefined) return await this.#withLastWords(engine, plan, decision, end);
      if (!this.#mayAct(decision)) return outcome('over-budget', this.#reportOf(decision, 'too much was asked for'));
      this.#options.report(this.#reportOf(decision, decision.message));
      this.#act(engine, decision);
      const isStarting = this.#attempts.values().some(({ isCalling }) => isCalling);
      if (!isStarting) this.#options.onStarted();
      if (plan.showsLog) this.#shownLog.look(engine, decision.waitsFor);
      // oxlint-disable-next-line no-await-in-loop -- see above
      await this.#pause(plan.members.length, isStarting);
    }
  }

  #judge(decision: WakeDecision, deadlineMs: number): WakeOutcome | undefined {
    if (this.#away !== undefined) throw this.#away;
    if (decision.outcome === 'failed') return outcome('failed', this.#reportOf(decision, decision.message));
    if (decision.outcome === 'ready' && this.#options.isServed())
      return outcome('awake', this.#reportOf(decision, 'it is awake'));
    if (this.#options.nowMs() < deadlineMs) return undefined;
    const isPartly = decision.outcome === 'ready' && this.#options.isPartlyServed();
    return outcome(isPartly ? 'partly' : 'failed', this.#reportOf(decision, decision.lateMessage));
  }

  #reportOf({ steps }: WakeDecision, message: string): WakeReport {
    return { message, steps, log: this.#shownLog.lines };
  }

  async #look(engine: WakeEngine, { members }: WakePlan): Promise<readonly MemberFacts[]> {
    return await Promise.all(
      members.map(async (member): Promise<MemberFacts> => {
        const lookedMs = this.#options.nowMs();
        const seen = await this.#see(engine, member.containerId);
        const attempt = this.#noteRunning(member.containerId, typeof seen === 'object' && seen.state === 'running');
        return { member, seen, lookedMs, attempt };
      }),
    );
  }

  /** Undefined: the engine hangs on this container. */
  async #see(engine: WakeEngine, id: string): Promise<MemberFacts['seen']> {
    try {
      return (await engine.look(id)) ?? 'gone';
    } catch (error) {
      const trouble = wakeTrouble(error);
      if (trouble.kind === 'away') throw trouble;
      this.#options.log.warn(
        { err: error, container: id.slice(0, 12) },
        'a container that is to wake cannot be looked at',
      );
      return undefined;
    }
  }

  #noteRunning(id: string, isRunning: boolean): Attempt {
    const before = this.#attempts.get(id) ?? NO_ATTEMPT;
    if (isRunning === before.runningMs > 0) return before;
    return this.#change(id, { runningMs: isRunning ? this.#options.nowMs() : 0 });
  }

  #change(id: string, part: Partial<Attempt>): Attempt {
    const next = { ...(this.#attempts.get(id) ?? NO_ATTEMPT), ...part };
    this.#attempts.set(id, next);
    return next;
  }

  /** What runs and only has to be waited for costs nobody anything. */
  #mayAct({ start, unpause }: WakeDecision): boolean {
    if (start.length + unpause.length === 0) return true;
    this.#hasLeave ??= this.#options.mayStart();
    return this.#hasLeave;
  }

  #act(engine: WakeEngine, { start, unpause }: WakeDecision): void {
    for (const container of start) {
      this.#call(container.id, async () => {
        // What ran when it was to be started was on its way to its end: another look says when.
        if ((await engine.start(container)) === 'started')
          this.#change(container.id, { startedMs: this.#options.nowMs() });
      });
    }
    for (const { id } of unpause) {
      this.#call(id, async () => {
        await engine.unpause(id);
        this.#change(id, { isUnpaused: true });
      });
    }
  }

  /** One call at a time for each container; a slow one does not hold up the others. */
  #call(id: string, work: () => Promise<void>): void {
    this.#change(id, { isCalling: true });
    const call = work()
      .catch((error: unknown) => this.#noteTrouble(id, wakeTrouble(error)))
      .finally(() => {
        this.#change(id, { isCalling: false });
        this.#calls.delete(call);
        this.poke();
      });
    this.#calls.add(call);
  }

  #noteTrouble(id: string, trouble: WakeTrouble): void {
    if (this.#isStopped) return;
    this.#options.log.warn({ err: trouble, container: id.slice(0, 12) }, 'a container could not be woken');
    if (trouble.kind === 'away') this.#away = trouble;
    // It may have been started all the same.
    else if (trouble.kind !== 'slow') this.#change(id, { trouble: trouble.message });
  }

  async #withLastWords(
    engine: WakeEngine,
    { showsLog }: WakePlan,
    { waitsFor }: WakeDecision,
    end: WakeOutcome,
  ): Promise<WakeOutcome> {
    const isOver = end.state === 'failed' || end.state === 'partly';
    if (!showsLog || !isOver || waitsFor === undefined || !this.#hasRun(waitsFor)) return end;
    await this.#shownLog.lookOnceMore(engine, waitsFor);
    return { ...end, log: this.#shownLog.lines };
  }

  /** Since this wake began. */
  #hasRun({ id, state }: SeenContainer): boolean {
    const isStopped = state === 'exited' || state === 'created';
    return !isStopped || (this.#attempts.get(id) ?? NO_ATTEMPT).startedMs > 0;
  }

  /** A large group costs its engine no more looks in a second than a small one. */
  async #pause(members: number, isStarting: boolean): Promise<void> {
    const { lookEveryMs, waitEveryMs } = this.#options.timing;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(isStarting ? lookEveryMs : waitEveryMs, members * LOOK_MS));
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isStopped) this.#wakeUp();
    });
    this.#wakeUp = undefined;
  }

  #endBy(error: unknown): WakeOutcome {
    const trouble = wakeTrouble(error);
    this.#options.log.warn({ err: error }, 'a group could not be woken');
    return outcome(trouble.kind === 'away' ? 'refused' : 'failed', {
      message: trouble.message,
      steps: [],
      log: this.#shownLog.lines,
    });
  }
}

function outcome(state: WakeOutcome['state'], report: WakeReport): WakeOutcome {
  return { state, ...report };
}
