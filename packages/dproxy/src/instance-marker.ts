import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@dproxy/core';

/**
 * Tells scripts/install.mjs that this checkout runs: it must not replace node_modules under it. A file named by our pid.
 * @returns what takes it away again
 */
export async function markInstance(root: string, log: Log): Promise<() => Promise<void>> {
  const file = join(root, 'node_modules', '.dproxy-instances', String(process.pid));
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, '');
  } catch (error) {
    // A checkout that this user cannot write to: nobody can install over it by accident either.
    log.debug({ error }, 'the checkout is not marked as running');
    return () => Promise.resolve();
  }
  return () => rm(file, { force: true });
}
