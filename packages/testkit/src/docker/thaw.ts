import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the kernel keeps the freezer of a container, by its version of cgroups, and what ends a pause there. */
const FREEZERS = [
  { path: (id: string) => `/sys/fs/cgroup/freezer/docker/${id}/freezer.state`, word: 'THAWED' },
  { path: (id: string) => `/sys/fs/cgroup/docker/${id}/cgroup.freeze`, word: '0' },
] as const;

/**
 * Ends the pause of every container of an engine, without asking the engine: with cgroups of version 1 a frozen process outlives
 * SIGKILL, and its namespace waits for it for ever.
 *
 * @param dataRoot the engine's `--data-root`
 */
export async function thawContainers(dataRoot: string): Promise<void> {
  const ids = await readdir(join(dataRoot, 'containers')).catch(noneWhenMissing);
  await Promise.all(ids.flatMap((id) => FREEZERS.map(({ path, word }) => thaw(path(id), word))));
}

async function thaw(freezer: string, word: string): Promise<void> {
  try {
    // Without O_CREAT: a container that has ended has no freezer, and gets none.
    await writeFile(freezer, word, { flag: 'r+' });
  } catch (error) {
    // ENODEV: it ended meanwhile.
    if (!['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function noneWhenMissing(error: unknown): readonly string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}
