import type { Backend } from '@dproxy/core';
import { eachOf } from './each-of.ts';
import type { CpuSample } from './idle-cpu.ts';
import type { IdleGroup } from './idle-group.ts';
import type { ActivityProbe } from './idle-probe.ts';
import type { SleepEngine } from './sleep-run.ts';

/** Containers of one group whose CPUs are asked for at the same time. */
const MAX_ASKED = 4;

export interface IdleQuestions {
  readonly engine: SleepEngine;
  /** Those of the group, as the table has them. */
  readonly backends: readonly Backend[];
  readonly probe: ActivityProbe;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
}

/**
 * Traffic says that a group is idle: what do its CPUs and its probe say? What is in use is noted with the group.
 *
 * @returns true when nothing speaks against it; false also as long as too little is known
 * @throws what the engine throws
 */
export async function isQuiet(group: IdleGroup, questions: IdleQuestions): Promise<boolean> {
  if (!(await hasQuietCpus(group, questions))) return false;
  const { probePath } = group.plan;
  const { backends, probe, signal, nowMs } = questions;
  if (probePath === '' || !(await probe(backends, probePath, signal))) return true;
  group.noteUse(nowMs(), 'its activity probe says that it is in use');
  return false;
}

async function hasQuietCpus(group: IdleGroup, { engine, nowMs }: IdleQuestions): Promise<boolean> {
  const { busyCpuPercent } = group.plan;
  if (busyCpuPercent === 0) return true;
  if (!group.mayBeSampled(nowMs())) return false;
  const samples = new Map<string, CpuSample>();
  await eachOf(group.runningIds, MAX_ASKED, async (id) => {
    const sample = await engine.cpu(id);
    if (sample !== undefined) samples.set(id, sample);
  });
  group.addSamples(samples, nowMs());
  const percent = group.cpuPercent;
  if (percent === undefined) return false;
  if (percent > busyCpuPercent) group.noteUse(nowMs(), 'its CPUs are busy');
  return percent <= busyCpuPercent;
}
