import { execFile, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Running } from './origin.ts';

/** What one run showed. CPU in microseconds per request; instructions are 0 where the machine has no counters. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly userUs: number;
  readonly systemUs: number;
  readonly instructions: number;
  readonly p99Ms: number;
  readonly rssMiB: number;
  /** Answers that were not 2xx, and socket errors. */
  readonly errors: number;
}

const TICK_US = 10_000;
const hasCounters = !/not supported|not counted|No permission/.test(
  spawnSync('perf', ['stat', '-x,', '-e', 'instructions', 'true'], { encoding: 'utf8' }).stderr || 'not supported',
);

/** Loads the proxy with wrk from the other core, after a warm-up that lets the JIT settle. */
export async function measure(
  proxy: Running,
  path: string,
  options: { seconds: number; connections: number },
): Promise<Sample> {
  await wrk(proxy.port, path, { ...options, seconds: 2 });
  const before = cpuTime(proxy.pid);
  const counting = countInstructions(proxy.pid);
  const load = await wrk(proxy.port, path, options);
  const after = cpuTime(proxy.pid);
  const instructions = await counting.stop();
  return {
    requestsPerSecond: load.requests / options.seconds,
    userUs: ((after.user - before.user) * TICK_US) / load.requests,
    systemUs: ((after.system - before.system) * TICK_US) / load.requests,
    instructions: instructions / load.requests,
    p99Ms: load.p99Ms,
    rssMiB: rss(proxy.pid),
    errors: load.errors,
  };
}

async function wrk(port: number, path: string, { seconds, connections }: { seconds: number; connections: number }) {
  const args = [
    '-c',
    '1',
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    '-H',
    'Host: bench.test',
    `http://127.0.0.1:${port}${path}`,
  ];
  const { stdout } = await promisify(execFile)('taskset', args, { maxBuffer: 1 << 20 });
  const errors =
    Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0) +
    sum(/Socket errors: (.*)/.exec(stdout)?.[1] ?? '');
  const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  const unit = { us: 0.001, ms: 1, s: 1000 }[p99?.[2] ?? 'ms'] ?? 1;
  return { requests: Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0), p99Ms: Number(p99?.[1] ?? 0) * unit, errors };
}

function sum(text: string): number {
  return (text.match(/\d+/g) ?? []).reduce((total, part) => total + Number(part), 0);
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
