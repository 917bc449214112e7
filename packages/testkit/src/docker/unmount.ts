import { readFile } from 'node:fs/promises';
import { runCommand } from '../run-command.ts';

/** Unmounts whatever is mounted at or below a folder, the deepest first: an engine that was killed leaves its mounts. */
export async function unmountBelow(folder: string): Promise<void> {
  const table = await readFile('/proc/self/mounts', 'utf8');
  const points = table
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
  for (const point of points) await runCommand('umount', ['-l', point]);
}
