// `npm run check`: types, lint (with the layer rules), dead code and format, side by side; exit 1 when any fails.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const bin = join(root, 'node_modules', '.bin');

const CHECKS = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint and layers', command: ['oxlint', '--deny-warnings', '.'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
] as const;

const results = await Promise.all(CHECKS.map((check) => run(check.name, [...check.command])));
process.exitCode = results.every(Boolean) ? 0 : 1;

async function run(name: string, [command = '', ...args]: string[]): Promise<boolean> {
  const child = spawn(join(bin, command), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part));
  child.stderr.on('data', (part: Buffer) => output.push(part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === 0) {
    console.log(`ok      ${name}`);
    return true;
  }
  console.log(`FAILED  ${name}\n${Buffer.concat(output).toString()}`);
  return false;
}
