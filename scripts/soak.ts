// `npm run soak`: all disturbances of tests/chaos at once, under a load that counts every request, for ten minutes. As root on
// Linux: it starts an engine of its own, in namespaces of its own. Ends with 1 when anything was lost.
//
//   npm run soak -- --minutes 3 --seed 42
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { importImages, startEngine } from '@dproxy/testkit/docker';
import { columns, tableOf } from '../tests/chaos/load/report.ts';
import { Site } from '../tests/chaos/site.ts';
import { soak, type SoakReport, type Times } from '../tests/chaos/soak.ts';
import { installDebianPackages } from './debian-packages.ts';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
if (!isRoot) refuse('soak runs as root on Linux: it starts a Docker engine of its own, in namespaces of its own');
const { minutes, seed } = readFlags();

if (process.env['DPROXY_TEST_NAMESPACE'] === 'inside') process.exitCode = await run();
else {
  installDebianPackages({ isRequired: true });
  const args = [process.execPath, import.meta.filename, '--minutes', String(minutes), '--seed', String(seed)];
  const { status } = spawnSync(join(import.meta.dirname, 'in-test-namespace.sh'), args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

interface Flags {
  readonly minutes: number;
  readonly seed: number;
}

function readFlags(): Flags {
  const options = { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } as const;
  try {
    const { minutes: said, seed: wanted } = parseArgs({ options }).values;
    const flags = { minutes: Number(said), seed: Number(wanted ?? Math.floor(Math.random() * 1_000_000)) };
    if (flags.minutes > 0 && flags.minutes <= 24 * 60 && Number.isInteger(flags.seed)) return flags;
    const found = wanted === undefined ? `--minutes ${said}` : `--minutes ${said} --seed ${wanted}`;
    return refuse(`${found}: expected more than 0 and at most 1440 minutes, and a whole number`);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(problem: string): never {
  console.error(`${problem}\nnpm run soak -- [--minutes 10] [--seed 42]`);
  process.exit(2);
}

async function run(): Promise<number> {
  console.log(`all disturbances for ${minutes} min, --seed ${seed}`);
  const engine = await startEngine();
  try {
    await importImages(engine);
    await using site = await Site.start(engine);
    const report = await soak({ site, engine, durationMs: minutes * 60_000, seed });
    return print(report);
  } finally {
    await engine.stop();
  }
}

function print({ tallies, times, failures, closed, postsReceived, postsTwice }: SoakReport): number {
  const lost = tallies.flatMap((tally) => tally.lost);
  console.log(`\n${tableOf(tallies)}\n\n${columns([['disturbance', 'times', 'slowest'], ...[...times].map(row)])}\n`);
  console.log(`POSTs received: ${postsReceived}, twice: ${postsTwice.length}`);
  console.log(
    'apart: a POST that its backend broke off, a message on a WebSocket that was cut at the deadline of a drain',
  );
  console.log('closed: also WebSockets at the deadline of a drain; any other is a line below');
  const wrong = [...lost, ...closed.map(({ kind, what }) => `closed, ${kind}: ${what}`), ...failures];
  for (const line of [...wrong, ...postsTwice.map((post) => `sent twice: ${post}`)]) console.log(line);
  return wrong.length + postsTwice.length === 0 ? 0 : 1;
}

function row([name, { count, slowestMs }]: readonly [string, Times]): readonly string[] {
  return [name, String(count), `${(slowestMs / 1_000).toFixed(1)} s`];
}
