import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Another primary holds the state folder. `holder` is who. */
export class PrimaryLockHeld extends Error {
  override readonly name = 'PrimaryLockHeld';
  readonly holder: ProcessIdentity;

  constructor(path: string, holder: ProcessIdentity) {
    super(
      `another dproxy (pid ${holder.pid}) uses this state folder: ${path} is locked. ` +
        'Stop it first, or give this one its own DOCKER_PROXY_STATE_PATH, PM2_HOME and ports.',
    );
    this.holder = holder;
  }
}

/** Attempts when others take and release the lock at the same moment. */
const ATTEMPTS = 5;

/** `<state>/lock`: at most one primary per state folder. A lock whose process is gone does not count. */
export class PrimaryLock {
  readonly #path: string;
  readonly #owner: ProcessIdentity;
  #isHeld = true;

  private constructor(path: string, owner: ProcessIdentity) {
    this.#path = path;
    this.#owner = owner;
  }

  /** @throws PrimaryLockHeld */
  static async acquire(path: string, pid: number): Promise<PrimaryLock> {
    const owner = await identify(pid);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    for (let attempt = 1; ; attempt++) {
      if (await create(path, owner)) return new PrimaryLock(path, owner);
      const holder = await readHolder(path);
      const isHeld = holder !== undefined && (await isRunning(holder));
      if (isHeld || attempt === ATTEMPTS) throw new PrimaryLockHeld(path, holder ?? { ...owner, pid: 0 });
      await removeStale(path, holder, pid);
    }
  }

  /** Gives the lock back. Idempotent; a lock that somebody else has taken meanwhile stays. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const holder = await readHolder(this.#path);
    if (holder?.pid === this.#owner.pid && holder.startTime === this.#owner.startTime)
      await rm(this.#path, { force: true });
  }
}

/** Complete from its first moment: `link` makes the name appear with its content, or fails when it exists. */
async function create(path: string, owner: ProcessIdentity): Promise<boolean> {
  const draft = `${path}.${owner.pid}`;
  await writeFile(draft, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Undefined when there is none, or none that can be read: then nobody can be asked, and it is stale. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const { pid, startTime, bootId } = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessIdentity>;
    if (!Number.isSafeInteger(pid) || typeof startTime !== 'string' || typeof bootId !== 'string') return undefined;
    return { pid: pid as number, startTime, bootId };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Two starters may find the same stale lock, and the slower one must not remove what the faster one has made since:
 * what was moved away is looked at again, and put back when it is another one.
 */
async function removeStale(path: string, stale: ProcessIdentity | undefined, pid: number): Promise<void> {
  const aside = `${path}.stale.${pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readHolder(aside);
  const isAnother = moved !== undefined && (moved.pid !== stale?.pid || moved.startTime !== stale.startTime);
  if (isAnother) await rename(aside, path);
  else await rm(aside, { force: true });
}
