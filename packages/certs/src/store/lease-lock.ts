import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { codeOf, type Disk, isMissing } from './disk.ts';
import { formatRecord, holderState, type LeaseRecord, newRecord, parseRecord } from './lease-record.ts';

/** Time for leases; tests bring their own. */
export interface LeaseTiming {
  /** Milliseconds of a clock that nobody sets, and that stands still while the machine sleeps. */
  monotonicMs(): number;
  /** @returns a function that cancels */
  after(delayMs: number, run: () => void): () => void;
  readonly heartbeatMs: number;
  /** Without a heartbeat for so long, the holder counts as gone. */
  readonly staleMs: number;
  /** How often a holder that cannot be asked is looked at. */
  readonly lookMs: number;
}

export const systemTiming: LeaseTiming = {
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  heartbeatMs: 5_000,
  staleMs: 10_000,
  lookMs: 250,
};

/** A lock file that is ours, open: what is written goes to the file we made, whoever has the name by now. */
export interface HeldFile {
  readonly path: string;
  readonly record: LeaseRecord;
  readonly handle: FileHandle;
}

type Verdict = 'held' | 'stale' | 'look again';

/** A guard of a guard of a guard: one more for each taker-over that died within the moment of a takeover. */
const MAX_GUARDS = 4;
/** File systems without hard links (FAT, some network and FUSE ones). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Exclusive lock files in a folder that processes of several machines may share, by what NFS keeps atomic: `link`, O_EXCL
 * and `rename`. A clock of another machine is never looked at: stale is what did not change while we watched.
 *
 *   free:      link(draft, lock)                          one of all wins
 *   taken:     read it again and again                    it changes: held; it does not for 10 s, or its process ended: stale
 *   takeover:  link(draft, lock.<owner>.guard)            one of those that found this owner stale wins
 *              read the lock: still this owner's?         else somebody was faster
 *              rename(draft, lock), remove the guard
 *
 * The guard's name has the id of the stale acquisition, which never comes again: a slow taker-over can win an old guard, but
 * then finds another owner in the lock.
 */
export class LeaseLock {
  readonly #disk: Disk;
  readonly #timing: LeaseTiming;
  /** Contents as they were first seen; kept between calls, so that a holder that hangs is noticed by who comes again. */
  readonly #seen = new Map<string, { readonly content: string; readonly sinceMs: number }>();

  constructor(disk: Disk, timing: LeaseTiming) {
    this.#disk = disk;
    this.#timing = timing;
  }

  /** Undefined: somebody else holds it. */
  async take(path: string, key: string, guards = 0): Promise<HeldFile | undefined> {
    const record = await newRecord(key);
    // Longer than any holder needs to show itself; it ends waiting for a file that others take and release all the time.
    const endMs = this.#timing.monotonicMs() + 2 * this.#timing.staleMs;
    let first: string | undefined;
    do {
      // oxlint-disable no-await-in-loop -- one look after another
      const handle = await this.#claim(path, record);
      if (handle !== undefined) return this.#held(path, record, handle);
      const content = await this.#readIfThere(path);
      if (content === undefined) continue;
      const verdict = await this.#judge(path, content, first ?? content, record);
      if (verdict === 'held') return undefined;
      if (verdict === 'stale') {
        if (guards === MAX_GUARDS) return undefined;
        const taken = await this.#underGuard(path, content, guards, () => this.#replace(path, record));
        return taken === undefined ? undefined : this.#held(path, record, taken);
      }
      first ??= content;
      await this.#wait(this.#timing.lookMs);
      // oxlint-enable no-await-in-loop
    } while (this.#timing.monotonicMs() < endMs);
    return undefined;
  }

  /** Removes a file with this content, which says that it is free. Somebody who takes it at this moment keeps it. */
  async remove(path: string, content: string): Promise<void> {
    if ((await this.#readIfThere(path)) !== content) return;
    await this.#underGuard(path, content, 0, async () => {
      await this.#disk.calls.rm(path, { force: true });
    });
  }

  #held(path: string, record: LeaseRecord, handle: FileHandle): HeldFile {
    this.#seen.delete(path);
    return { path, record, handle };
  }

  /** Makes the name appear with its content, or not at all when it exists. */
  async #claim(path: string, record: LeaseRecord): Promise<FileHandle | undefined> {
    const { draft, handle } = await this.#draft(path, record);
    let isOurs = false;
    try {
      isOurs = await this.#link(draft, path, handle);
    } catch (cause) {
      if (!NO_LINKS.has(codeOf(cause))) throw cause;
      return await this.#claimDirectly(path, record);
    } finally {
      await this.#disk.discard(draft);
      if (!isOurs) await handle.close();
    }
    return isOurs ? handle : undefined;
  }

  /** The name comes before the content: who looks in between sees an empty file, and looks again. */
  async #claimDirectly(path: string, record: LeaseRecord): Promise<FileHandle | undefined> {
    let handle: FileHandle;
    try {
      handle = await this.#disk.openNew(path);
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') return undefined;
      throw cause;
    }
    try {
      await this.#write(handle, record);
      return handle;
    } catch (cause) {
      await this.#disk.discard(path);
      throw cause;
    }
  }

  async #link(draft: string, path: string, handle: FileHandle): Promise<boolean> {
    try {
      await this.#disk.calls.link(draft, path);
      return true;
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      // NFS: a link whose answer was lost is made again and finds itself.
      return (await handle.stat()).nlink === 2;
    }
  }

  async #draft(path: string, record: LeaseRecord): Promise<{ draft: string; handle: FileHandle }> {
    const draft = `${path}.${record.owner}.draft`;
    const handle = await this.#disk.openNew(draft);
    try {
      await this.#write(handle, record);
      return { draft, handle };
    } catch (cause) {
      await this.#disk.discard(draft);
      throw cause;
    }
  }

  /** Closes it when that fails. */
  async #write(handle: FileHandle, record: LeaseRecord): Promise<void> {
    try {
      await handle.writeFile(formatRecord(record));
      // Others on NFS see what has reached the server.
      await handle.sync();
    } catch (cause) {
      await handle.close();
      throw cause;
    }
  }

  /** Puts our file in the place of a stale one. Under the guard only. */
  async #replace(path: string, record: LeaseRecord): Promise<FileHandle> {
    const { draft, handle } = await this.#draft(path, record);
    try {
      await this.#disk.calls.rename(draft, path);
      return handle;
    } catch (cause) {
      await handle.close();
      await this.#disk.discard(draft);
      throw cause;
    }
  }

  /** Runs `act` when nobody else may change the lock, and it still has this content. */
  async #underGuard<T>(path: string, content: string, guards: number, act: () => Promise<T>): Promise<T | undefined> {
    const owner = parseRecord(content)?.owner ?? 'nobody';
    const guardPath = `${path}.${createHash('sha256').update(owner).digest('hex').slice(0, 16)}.guard`;
    const guard = await this.take(guardPath, path, guards + 1);
    if (guard === undefined) return undefined;
    try {
      return (await this.#readIfThere(path)) === content ? await act() : undefined;
    } finally {
      await guard.handle.close();
      await this.#disk.discard(guardPath);
    }
  }

  async #judge(path: string, content: string, first: string, self: LeaseRecord): Promise<Verdict> {
    const holder = parseRecord(content);
    if (holder?.state === 'free') return 'stale';
    const nowMs = this.#timing.monotonicMs();
    const seen = this.#seen.get(path);
    if (seen?.content !== content) this.#seen.set(path, { content, sinceMs: nowMs });
    else if (nowMs - seen.sinceMs >= this.#timing.staleMs) return 'stale';
    // Empty or half written: its writer may be at it, or gone.
    if (holder === undefined) return 'look again';
    if (content !== first) return 'held';
    const state = await holderState(holder, self);
    if (state === 'dead') return 'stale';
    return state === 'alive' ? 'held' : 'look again';
  }

  async #readIfThere(path: string): Promise<string | undefined> {
    try {
      return await this.#disk.calls.readFile(path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw cause;
    }
  }

  async #wait(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#timing.after(delayMs, resolve);
    });
  }
}
