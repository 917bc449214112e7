import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@dproxy/core';

/**
 * Tells scripts/install.mjs that this checkout runs: it must not replace node_modules under it. A file named by our pid, with
 * the time at which we started: when we are killed the file stays, and the pid may be another program's one day.
 * @returns what takes it away again
 */
export async function markInstance(root: string, log: Log): Promise<() => Promise<void>> {
  const file = join(root, 'node_modules', '.dproxy-instances', String(process.pid));
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, await readStartTime());
  } catch (error) {
    // A checkout that this user cannot write to: nobody can install over it by accident either.
    log.debug({ error }, 'the checkout is not marked as running');
    return () => Promise.resolve();
  }
  return () => rm(file, { force: true });
}

/** In the kernel's ticks since its start; empty on systems without /proc. */
async function readStartTime(): Promise<string> {
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
