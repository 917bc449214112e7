import { join } from 'node:path';
import { type Disk, uniqueName } from './disk.ts';

export const PROBE = /^\.probe-/;

/** Epoch milliseconds of the file system's own clock: that of another machine, or one that was set, must not cost a file. */
export async function fileSystemNowMs(disk: Disk, folder: string): Promise<number> {
  const probe = join(folder, `.probe-${uniqueName()}`);
  await disk.writeNew(probe, '');
  const { mtimeMs } = await disk.calls.lstat(probe);
  await disk.calls.rm(probe, { force: true });
  return mtimeMs;
}

/** Removes what crashed writes have left, unless somebody may still be writing it. @param pattern of their names */
export async function removeLeftovers(disk: Disk, folder: string, pattern: RegExp, beforeMs: number): Promise<void> {
  for (const name of await disk.calls.readdir(folder)) {
    if (!pattern.test(name)) continue;
    const path = join(folder, name);
    // oxlint-disable-next-line no-await-in-loop -- hardly ever there is one
    if ((await disk.calls.lstat(path)).mtimeMs < beforeMs) await disk.discard(path);
  }
}
