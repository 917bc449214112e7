import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Nobody dies three times in the microseconds that a take-over lasts. */
const TAKEOVER_DEPTH = 3;

/**
 * `<state>/lock`: at most one primary per state folder. A lock whose process is gone does not count.
 *
 * Two starters may find the same dead lock, and the slower one must not remove what the faster one has made since. So a dead
 * lock is only removed by who holds `<lock>.takeover`, a lock of the same kind, and has looked again.
 */
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
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await PrimaryLock.#acquire(path, await identify(pid), TAKEOVER_DEPTH);
  }

  static async #acquire(path: string, owner: ProcessIdentity, depth: number): Promise<PrimaryLock> {
    for (let attempt = 1; ; attempt++) {
      if (await create(path, owner)) return new PrimaryLock(path, owner);
      const found = await readHolder(path);
      const holder = found === 'damaged' ? undefined : found;
      const isHeld = holder !== undefined && (await isRunning(holder));
      if (isHeld || attempt === ATTEMPTS || depth === 0)
        throw new PrimaryLockHeld(path, holder ?? { ...owner, pid: 0 });
      await PrimaryLock.#removeDead(path, owner, depth);
    }
  }

  static async #removeDead(path: string, owner: ProcessIdentity, depth: number): Promise<void> {
    const takeover = await PrimaryLock.#acquire(`${path}.takeover`, owner, depth - 1);
    try {
      const holder = await readHolder(path);
      const isDead = holder === 'damaged' || (holder !== undefined && !(await isRunning(holder)));
      // One that is not there may be there a moment later, and alive.
      if (isDead) await rm(path, { force: true });
    } finally {
      await takeover.release();
    }
  }

  /** Gives the lock back. Idempotent; a lock that somebody else has taken meanwhile stays. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const holder = await readHolder(this.#path);
    if (holder === undefined || holder === 'damaged') return;
    if (holder.pid === this.#owner.pid && holder.startTime === this.#owner.startTime)
      await rm(this.#path, { force: true });
  }
}

/** Complete from its first moment: `link` makes the name appear with its content, or fails when it exists. */
async function create(path: string, owner: ProcessIdentity): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
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

/** Undefined when there is none; `damaged` names nobody who could be asked. */
async function readHolder(path: string): Promise<ProcessIdentity | 'damaged' | undefined> {
  try {
    const { pid, startTime, bootId } = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessIdentity>;
    if (!Number.isSafeInteger(pid) || typeof startTime !== 'string' || typeof bootId !== 'string') return 'damaged';
    return { pid: pid as number, startTime, bootId };
  } catch (error) {
    if (error instanceof SyntaxError) return 'damaged';
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
