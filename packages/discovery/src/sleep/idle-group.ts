import type { WakePlan } from '@dproxy/core';
import { cpuPauseMs, CpuUse, type CpuSample } from './idle-cpu.ts';
import { ASLEEP, IdleJudge, isRunning, type IdleFacts, type IdleVerdict } from './idle-judge.ts';
import type { SleepRun } from './sleep-run.ts';

/** After the engine has refused, it is not asked again before. */
const REFUSED_PAUSE_MS = 60_000;

/** One group as idle stop follows it. */
export class IdleGroup {
  readonly source: string;
  /** While it is on its way to sleep. */
  run: SleepRun | undefined;
  /** When that began. */
  leftMs = Number.NEGATIVE_INFINITY;
  readonly #judge = new IdleJudge();
  #plan: WakePlan;
  readonly #cpus = new Map<string, CpuUse>();
  #sampledMs = Number.NEGATIVE_INFINITY;
  #refusedMs = Number.NEGATIVE_INFINITY;
  #verdict: IdleVerdict = { state: 'awake', reason: 'it runs since a moment ago' };

  constructor(source: string, plan: WakePlan) {
    this.source = source;
    this.#plan = plan;
  }

  get plan(): WakePlan {
    return this.#plan;
  }

  /** What its source says of it now. */
  follow(plan: WakePlan, nowMs: number): void {
    this.#plan = plan;
    this.#judge.follow(plan.members, nowMs);
    this.run?.follow(plan.members);
    if (this.runningIds.length === 0) this.#verdict = ASLEEP;
    else if (this.#verdict === ASLEEP) this.#verdict = { state: 'awake', reason: 'it runs since a moment ago' };
  }

  get verdict(): IdleVerdict {
    return this.#verdict;
  }

  get runningIds(): readonly string[] {
    return this.plan.members.filter(isRunning).map(({ containerId }) => containerId);
  }

  judge(facts: Omit<IdleFacts, 'plan'>): IdleVerdict {
    const verdict = this.#judge.judge({ ...facts, plan: this.plan });
    const isRefused = verdict.state === 'silent' && facts.nowMs < this.#refusedMs + REFUSED_PAUSE_MS;
    this.#verdict = isRefused ? { state: 'awake', reason: 'its engine has refused a moment ago' } : verdict;
    if (this.#verdict.state !== 'silent') this.#cpus.clear();
    return this.#verdict;
  }

  idleMs(nowMs: number): number {
    return this.#judge.idleMs(nowMs);
  }

  /** It is in use, whatever its traffic says. */
  noteUse(nowMs: number, reason: string): void {
    this.#judge.noteUse(nowMs);
    this.#cpus.clear();
    this.#verdict = { state: 'awake', reason };
  }

  noteRefusal(nowMs: number): void {
    this.#refusedMs = nowMs;
  }

  /** Whether it is time to look at its CPUs. */
  mayBeSampled(nowMs: number): boolean {
    return nowMs >= this.#sampledMs + cpuPauseMs(this.plan.idleMs);
  }

  addSamples(samples: ReadonlyMap<string, CpuSample>, nowMs: number): void {
    this.#sampledMs = nowMs;
    for (const id of this.#cpus.keys()) if (!samples.has(id)) this.#cpus.delete(id);
    for (const [id, sample] of samples) {
      const use = this.#cpus.get(id) ?? new CpuUse();
      this.#cpus.set(id, use);
      use.add(sample);
    }
  }

  /** Of its busiest container, in percent of one CPU; undefined: it is not known of all of them yet. */
  get cpuPercent(): number | undefined {
    const percents = [...this.#cpus.values()].map(({ percent }) => percent);
    const known = percents.filter((percent) => percent !== undefined);
    return known.length === percents.length ? Math.max(0, ...known) : undefined;
  }
}
