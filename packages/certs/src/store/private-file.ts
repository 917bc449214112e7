import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { Log } from '@dproxy/core';
import type { DiskCalls } from './disk.ts';

const OTHERS = 0o077;

/** A file that must not be used, with what to do about it. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

export interface PrivateFileOptions {
  readonly calls: DiskCalls;
  readonly log: Log;
  readonly maxBytes: number;
  /** Leaves modes as they are. */
  readonly isReadOnly: boolean;
}

/**
 * Reads a secret (threats.md row 50). One of ours that others could read is closed, with a warning: whoever opened it did so
 * by accident (a copy, a restored backup), and refusing it would turn that accident into a site without certificate. One that
 * belongs to somebody else and is open to others is refused: we cannot close it, and its owner can write a key into it.
 * @throws FileRefused
 */
export async function readPrivateFile(path: string, options: PrivateFileOptions): Promise<string> {
  // O_NOFOLLOW: no entry of the store is a link. O_NONBLOCK: a pipe in its place must not hold us for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await options.calls.open(path, flags);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new FileRefused('it is no file', `remove ${path}`);
    if (found.size > options.maxBytes) {
      throw new FileRefused(`${found.size} bytes, more than ${options.maxBytes}`, `restore or remove ${path}`);
    }
    if ((found.mode & OTHERS) !== 0) await close(file, found, path, options);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function close(file: FileHandle, found: Stats, path: string, options: PrivateFileOptions): Promise<void> {
  const mode = (found.mode & 0o777).toString(8);
  const uid = process.getuid?.() ?? found.uid;
  if (found.uid !== uid) {
    throw new FileRefused(
      `it belongs to uid ${found.uid} and its mode is ${mode}; expected uid ${uid} or mode 600`,
      `chown ${uid} ${path} && chmod 600 ${path}`,
    );
  }
  if (!options.isReadOnly) await file.chmod(0o600);
  options.log.warn(
    { file: path, mode },
    'a private file was open to others and is closed now; replace its key if somebody may have read it',
  );
}
