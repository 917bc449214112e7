import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '@dproxy/core';

/** @returns what takes it away again */
export async function writePidFile(path: string, log: Log): Promise<() => Promise<void>> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${process.pid}\n`);
  } catch (error) {
    log.warn({ path, error }, 'the PID file cannot be written');
    return () => Promise.resolve();
  }
  return () => rm(path, { force: true });
}
