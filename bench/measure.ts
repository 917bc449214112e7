import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Load } from './loads.ts';
import type { Running } from './origin.ts';

/** What one run showed. CPU in microseconds per request; instructions are 0 where the machine has no counters. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly instructions: number;
  /** 0: not known. */
  readonly p99Ms: number;
  readonly rssMiB: number;
  readonly errors: number;
}

const WARM_UP_SECONDS = 2;
const TICK_US = 10_000;
const hasCounters = !/not supported|not counted|No permission/.test(
  spawnSync('perf', ['stat', '-x,', '-e', 'instructions', 'true'], { encoding: 'utf8' }).stderr || 'not supported',
);

/** Loads the proxy from the other core, after a warm-up that lets the JIT settle. */
export async function measure(proxy: Running, load: Load, seconds: number): Promise<Sample> {
  await load(proxy.port, WARM_UP_SECONDS);
  const before = cpuTime(proxy.pid);
  const counting = countInstructions(proxy.pid);
  const { count, p99Ms, errors } = await load(proxy.port, seconds);
  const after = cpuTime(proxy.pid);
  const instructions = await counting.stop();
  return {
    requestsPerSecond: count / seconds,
    userUs: ((after.user - before.user) * TICK_US) / count,
    systemUs: ((after.system - before.system) * TICK_US) / count,
    instructions: instructions / count,
    p99Ms,
    rssMiB: rss(proxy.pid),
    errors,
  };
}

function cpuTime(pid: number): { user: number; system: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]), system: Number(fields[12]) };
}
function rss(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

function countInstructions(pid: number): { stop(): Promise<number> } {
  if (!hasCounters) return { stop: () => Promise.resolve(0) };
  const perf = spawn('perf', ['stat', '-x,', '-e', 'instructions', '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  perf.stderr.on('data', (part: Buffer) => {
    text += part.toString();
  });
  const ended = new Promise<void>((resolve) => {
    perf.once('exit', () => resolve());
  });
  return {
    async stop() {
      perf.kill('SIGINT');
      await ended;
      return Number(text.split(',')[0]);
    },
  };
}
