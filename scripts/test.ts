// `npm test` and `npm run test:long`: every area, in a network namespace of its own where that is possible, so that the
// engine's bridges and net.ipv4.tcp_migrate_req=1 disturb nobody. Ends with what failed and a plain line of counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { installDebianPackages } from './debian-packages.ts';
import { countsOf, failuresOf, readReport, type Report } from './test-report.ts';
import { TestLane } from './test-lane.ts';

const root = dirname(import.meta.dirname);
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** Areas that mostly wait for processes to start, drain and end: half of the time of a run, with less work in it. */
const SECOND_LANE = ['cluster', 'neighbours', 'product', 'service', 'wake'];

installDebianPackages({ isRequired: process.env['CI'] === 'true' });
const folder = mkdtempSync(join(tmpdir(), 'dproxy-test-'));
const hasNamespaces = canMakeNamespace();
const lanes = lanesOf(positionals).map((files, index) => {
  const report = join(folder, `report-${index}.json`);
  return {
    report,
    lane: new TestLane(commandOf(files, report), { cwd: root, env: environment(), isLive: index === 0 }),
  };
});
let endedBy: 'SIGHUP' | 'SIGINT' | 'SIGTERM' | undefined;
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first time every lane takes down its engine; whoever asks twice does not want to wait for that.
    for (const { lane } of lanes) lane.end(endedBy === undefined ? 'SIGINT' : 'SIGKILL');
    endedBy = signal;
  });
}
try {
  const codes = await Promise.all(lanes.map(async ({ lane }) => await lane.exitCode()));
  const reports = lanes.map(({ report }) => readReport(report));
  process.exitCode = endedBy === undefined ? exitCodeOf(codes, reports) : 128 + constants.signals[endedBy];
  for (const line of failuresOf(reports)) console.log(line);
  console.log(countsOf(reports));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Two lists of files side by side, each in a namespace of its own with an engine of its own; without namespaces one. */
function lanesOf(asked: readonly string[]): readonly (readonly string[])[] {
  if (asked.length > 0 || !hasNamespaces) return [asked];
  const areas = readdirSync(join(root, 'tests'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const first = areas.map(({ name }) => name).filter((name) => !SECOND_LANE.includes(name));
  const pathsOf = (names: readonly string[]): string[] => names.map((name) => `tests/${name}/`);
  return [['packages/', ...pathsOf(first)], pathsOf(SECOND_LANE)];
}

function commandOf(files: readonly string[], report: string): readonly string[] {
  const vitest = [process.execPath, join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run'];
  const flags = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return [...(hasNamespaces ? [join(import.meta.dirname, 'in-test-namespace.sh')] : []), ...vitest, ...flags, ...files];
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DPROXY_TEST_LONG: values.long ? '1' : '',
    FORCE_COLOR: process.env['FORCE_COLOR'] ?? '0',
    // A run starts hundreds of primaries, workers and PM2 daemons of the same code: they need half of the CPU with it (3.6 s
    // instead of 6.6 s for a start and an end with two workers).
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(folder, 'compile-cache'),
  };
}

function canMakeNamespace(): boolean {
  return (
    process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0
  );
}

/** A lane that ended well without a report of its files did not test them. */
function exitCodeOf(codes: readonly number[], reports: readonly (Report | undefined)[]): number {
  const failed = codes.find((code) => code !== 0);
  if (failed !== undefined) return failed;
  return reports.every((report) => report?.success === true) ? 0 : 1;
}
