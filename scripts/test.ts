// `npm test` and `npm run test:long`: every area, in a network namespace of its own where that is possible, so that the
// engine's bridges and net.ipv4.tcp_migrate_req=1 disturb nobody. Ends with a plain line of counts.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { installDebianPackages } from './debian-packages.ts';

const root = dirname(import.meta.dirname);
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

installDebianPackages({ isRequired: process.env['CI'] === 'true' });
const reports = mkdtempSync(join(tmpdir(), 'dproxy-test-'));
try {
  const code = await runVitest(join(reports, 'report.json'));
  printCounts(join(reports, 'report.json'));
  process.exitCode = code;
} finally {
  rmSync(reports, { recursive: true, force: true });
}

async function runVitest(reportFile: string): Promise<number> {
  const vitest = [
    process.execPath,
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...positionals,
  ];
  const [command = '', ...args] = canMakeNamespace()
    ? [join(import.meta.dirname, 'in-test-namespace.sh'), ...vitest]
    : vitest;
  const child = spawn(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, DPROXY_TEST_LONG: values.long ? '1' : '', FORCE_COLOR: process.env['FORCE_COLOR'] ?? '0' },
  });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 1));
  });
}

function canMakeNamespace(): boolean {
  return (
    process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0
  );
}

function printCounts(reportFile: string): void {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Record<string, number>;
  const count = (key: string): number => report[key] ?? 0;
  const skipped = count('numPendingTests') + count('numTodoTests');
  console.log(`${count('numPassedTests')} passed, ${count('numFailedTests')} failed, ${skipped} skipped`);
}
