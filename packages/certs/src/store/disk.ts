import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

/** The system calls that the store makes. Tests end the process, or fail, at each of them. */
export type DiskCalls = Pick<
  typeof fs,
  'chmod' | 'chown' | 'link' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'stat'
>;

export const systemCalls: DiskCalls = fs;

/** Whose files they become; undefined: the process's own user. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/**
 * Writes so that a crash, or a loss of power, at any moment leaves the old content or the new one: content is synced before
 * its name appears, and the folder after that. Modes are set, not asked for: a umask can neither widen nor narrow them.
 */
export class Disk {
  readonly calls: DiskCalls;
  readonly #owner: Owner | undefined;

  constructor(calls: DiskCalls, owner: Owner | undefined) {
    this.calls = calls;
    this.#owner = owner;
  }

  /** Mode 0700; its name is durable. One that is there already is closed to others. */
  async makeFolder(path: string): Promise<void> {
    const isNew = await this.#mkdir(path);
    await this.calls.chmod(path, PRIVATE_FOLDER);
    if (isNew && this.#owner !== undefined) await this.calls.chown(path, this.#owner.uid, this.#owner.gid);
    // Also where it is there already: who made it may have been killed before this line.
    await this.syncFolder(dirname(path));
  }

  /** A file that nobody has made yet, mode 0600, with durable content; its name is durable after `syncFolder`. */
  async writeNew(path: string, content: string): Promise<void> {
    const file = await this.openNew(path);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Empty, mode 0600, for reading and writing. @throws EEXIST */
  async openNew(path: string): Promise<fs.FileHandle> {
    const file = await this.calls.open(path, 'wx+', PRIVATE_FILE);
    try {
      await file.chmod(PRIVATE_FILE);
      if (this.#owner !== undefined) await file.chown(this.#owner.uid, this.#owner.gid);
      return file;
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  /** The old content or the new one, durable when it resolves. */
  async replaceFile(path: string, content: string): Promise<void> {
    const draft = `${path}.${uniqueName()}.tmp`;
    try {
      await this.writeNew(draft, content);
      await this.calls.rename(draft, path);
    } catch (cause) {
      await this.discard(draft);
      throw cause;
    }
    await this.syncFolder(dirname(path));
  }

  /** Makes the names in it durable. */
  async syncFolder(path: string): Promise<void> {
    const folder = await this.calls.open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Takes away what a failed write has left. What cannot be removed now is swept later; the first failure is what counts. */
  async discard(path: string): Promise<boolean> {
    return await this.calls.rm(path, { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
  }

  async #mkdir(path: string): Promise<boolean> {
    try {
      await this.calls.mkdir(path, { mode: PRIVATE_FOLDER });
      return true;
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      return false;
    }
  }
}

export function uniqueName(): string {
  return randomBytes(6).toString('hex');
}

export function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
}

export function isMissing(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
}
