// Whether a change made requests dearer: `node bench/versions.ts --before <commit> [--after <commit>]` (default: HEAD). CPU time per
// request of one worker of each, side by side under the same load. On a machine that does other things a throughput says what those
// do; a ratio of CPU times, of pairs that follow one another, says within a few percent what the commits do. `--before HEAD` shows
// how far two of the same are apart.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificate } from './certificate.ts';
import type { Load } from './loads.ts';
import { freePort, startOrigin, startProgram, type Running } from './origin.ts';
import { scenarios, type Scenario } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    before: { type: 'string', default: 'HEAD' },
    after: { type: 'string', default: 'HEAD' },
    /** Of each start: how the JIT settles differs from start to start by more than most changes cost. */
    pairs: { type: 'string', default: '8' },
    starts: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '1' },
    /** Names, separated by commas. */
    scenarios: { type: 'string', default: 'small,new,tls,tls-new,tls-resumed,h2' },
  },
});
const ROOT = join(import.meta.dirname, '..');
const WARM_UP_SECONDS = 3;

const folder = mkdtempSync(join(tmpdir(), 'dproxy-versions-'));
const origin = await startOrigin(folder);
try {
  const versions = [checkOut('before', values.before), checkOut('after', values.after)] as const;
  const names = values.scenarios.split(',');
  for (const scenario of scenarios(32).filter(({ name }) => names.includes(name))) {
    const ratios: number[] = [];
    for (let start = 0; start < Number(values.starts); start++) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
      ratios.push(...(await ratiosOfOneStart(versions, scenario, start % 2 === 1)));
    }
    console.log(`${scenario.name.padEnd(12)} after/before ${summary(ratios)}`);
  }
} finally {
  await origin.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** @returns a folder with that commit, and links to what is installed here */
function checkOut(name: string, commit: string): string {
  const place = join(folder, name);
  const modules = join(place, 'node_modules');
  mkdirSync(modules, { recursive: true });
  const archive = execFileSync('git', ['-C', ROOT, 'archive', commit], { maxBuffer: 1 << 30 });
  execFileSync('tar', ['-x', '-C', place], { input: archive });
  for (const entry of readdirSync(join(ROOT, 'node_modules')))
    if (entry !== '@dproxy') symlinkSync(join(ROOT, 'node_modules', entry), join(modules, entry));
  mkdirSync(join(modules, '@dproxy'));
  for (const entry of readdirSync(join(place, 'packages')))
    symlinkSync(join(place, 'packages', entry), join(modules, '@dproxy', entry));
  return place;
}

/** @param isReversed who is started, and asked, first */
async function ratiosOfOneStart(
  [before, after]: readonly [string, string],
  { isSecure, load }: Scenario,
  isReversed: boolean,
): Promise<number[]> {
  const running: Running[] = [];
  try {
    for (const place of isReversed ? [after, before] : [before, after])
      running.push(await startWorker(place, isSecure));
    for (const { port } of running) await load(port, WARM_UP_SECONDS);
    const ratios: number[] = [];
    for (let pair = 0; pair < Number(values.pairs); pair++) {
      const [first, second] = running as [Running, Running];
      const ratio = (await cpuPerRequest(second, load)) / (await cpuPerRequest(first, load));
      ratios.push(isReversed ? 1 / ratio : ratio);
    }
    return ratios;
  } finally {
    await Promise.all(running.map((worker) => worker.stop()));
  }
}

async function startWorker(place: string, isSecure: boolean): Promise<Running> {
  const port = await freePort();
  const script = join(place, 'bench', 'subjects', 'dproxy.ts');
  const { certificate, key } = makeCertificate(folder);
  const pair = isSecure ? [certificate, key] : [];
  const command = [process.execPath, script, String(port), String(origin.port), ...pair];
  return await startProgram({ core: '0', command, port, child: false });
}

async function cpuPerRequest({ pid, port }: Running, load: Load): Promise<number> {
  const before = cpuNs(pid);
  const { count, errors } = await load(port, Number(values.seconds));
  if (errors > 0) throw new Error(`${errors} errors beside ${count} answers`);
  return (cpuNs(pid) - before) / count;
}

/** Of all threads, in nanoseconds: `/proc/<pid>/stat` counts hundredths of a second. */
function cpuNs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => {
    const [ns = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return sum + Number(ns);
  }, 0);
}

function summary(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN).toFixed(3);
  return `median ${at(0.5)}, quartiles ${at(0.25)} to ${at(0.75)}, of ${sorted.length} pairs`;
}
