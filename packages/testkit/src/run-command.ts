import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and gives its stdout.
 * @throws Error with the command line and its stderr when it fails
 */
export async function runCommand(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => stdout.push(part));
  child.stderr.on('data', (part: Buffer) => stderr.push(part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === 0) return Buffer.concat(stdout).toString();
  throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${Buffer.concat(stderr).toString()}`);
}
