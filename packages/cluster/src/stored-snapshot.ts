import { mkdir, open, readFile, rename, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeSnapshot, encodeSnapshot, type Backend, type Log, type Snapshot } from '@dproxy/core';

/** Container backends of a table that was last confirmed longer ago are not used: the address may be another tenant's. */
const CONTAINER_MAX_AGE_MS = 60_000;
/** How often the primary says that the stored table still holds: often enough that one missed time does not matter. */
const CONFIRM_MS = 20_000;

export interface StoredSnapshotOptions {
  /** `<state>/snapshot.json` */
  readonly path: string;
  readonly bootId: string;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * The primary's copy of the last good table, for workers that start without a primary. No keys are in it. Its modification
 * time says when the table was last known to hold; without changes the primary renews that, as rewriting the file would.
 */
export class StoredSnapshot {
  readonly #options: StoredSnapshotOptions;
  #next: Snapshot | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isBusy = false;
  #hasFile = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StoredSnapshotOptions) {
    this.#options = options;
  }

  /** Writes in the background; while one write runs, only the newest of the later ones follows. */
  save(snapshot: Snapshot): void {
    this.#next = snapshot;
    this.#timer ??= setInterval(() => void this.#confirm(), CONFIRM_MS).unref();
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#writing = this.#writeAll();
  }

  /** Waits for the writes that were asked for. The file stays. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let snapshot = this.#next; snapshot !== undefined; snapshot = this.#next) {
      this.#next = undefined;
      try {
        // One after another: only the newest of those that came meanwhile is left in #next.
        await this.#write(snapshot);
      } catch (error) {
        this.#options.log.error(
          { error, path: this.#options.path },
          'the table cannot be stored for workers that start without a primary',
        );
      }
    }
    this.#isBusy = false;
  }

  async #write(snapshot: Snapshot): Promise<void> {
    const { path, bootId, nowMs } = this.#options;
    const content = JSON.stringify({ format: 1, bootId, snapshot: encodeSnapshot(snapshot) });
    const seconds = nowMs() / 1_000;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const draft = `${path}.new`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(content);
      await file.utimes(seconds, seconds);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
    this.#hasFile = true;
  }

  async #confirm(): Promise<void> {
    if (!this.#hasFile || this.#isBusy) return;
    const seconds = this.#options.nowMs() / 1_000;
    try {
      await utimes(this.#options.path, seconds, seconds);
    } catch (error) {
      this.#options.log.warn({ error }, 'the stored table cannot be confirmed');
    }
  }
}

/** Without it a power cut may leave the old name, or none. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The stored table as a worker may use it, or undefined when there is none. File routes always hold; container backends
 * only within the same boot and for a minute, since Docker gives the address of a removed container to the next one at
 * once: a stale table would serve another tenant. Without that proof they are `stopped`, and their routes answer 503.
 * @throws Error when the file is there and cannot be read as a table.
 */
export async function loadStoredSnapshot(options: {
  readonly path: string;
  readonly bootId: string;
  readonly nowMs: () => number;
}): Promise<Snapshot | undefined> {
  let content: string;
  let confirmedAtMs: number;
  try {
    confirmedAtMs = (await stat(options.path)).mtimeMs;
    content = await readFile(options.path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const stored = JSON.parse(content) as { format?: unknown; bootId?: unknown; snapshot?: unknown };
  if (stored.format !== 1) throw new Error(`${options.path}: format ${JSON.stringify(stored.format)}, expected 1`);
  const snapshot = decodeSnapshot(stored.snapshot);
  const ageMs = options.nowMs() - confirmedAtMs;
  // A time in the future is a clock that was set back: it proves nothing.
  const isFresh = stored.bootId === options.bootId && ageMs >= -1_000 && ageMs <= CONTAINER_MAX_AGE_MS;
  return isFresh ? snapshot : withoutContainers(snapshot);
}

function withoutContainers(snapshot: Snapshot): Snapshot {
  const backends = new Map<string, Backend>();
  for (const [id, backend] of snapshot.backends)
    backends.set(id, backend.containerId === '' ? tried(backend) : stopped(backend));
  return { ...snapshot, backends };
}

/** A URL behind which containers slept or started then: nobody is there who would wake or ask them, and they may be up by now. */
function tried(backend: Backend): Backend {
  return MAY_BE_UP.has(backend.state) ? { ...backend, state: 'ready', reason: '' } : backend;
}

const MAY_BE_UP: ReadonlySet<Backend['state']> = new Set(['stopped', 'paused', 'starting']);

function stopped(backend: Backend): Backend {
  return {
    ...backend,
    state: 'stopped',
    address: '',
    reason: 'the primary of dproxy is not there to say where it runs',
  };
}
