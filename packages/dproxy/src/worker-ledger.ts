import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRunning, readBootId, readStartTime, type ConnectedWorker, type ProcessIdentity } from '@dproxy/cluster';

interface LedgerEntry extends ProcessIdentity {
  readonly ports: readonly number[];
}

/**
 * `<state>/run/workers.json`: which processes serve which ports. Written by the primary, so that the next start recognises
 * workers that outlived their supervisor, even when the primary died with it.
 */
export class WorkerLedger {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();
  #last = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Remembers who serves now; in the background, one write after another. */
  record(workers: readonly ConnectedWorker[]): void {
    const serving = workers.filter((worker) => worker.listeners !== undefined);
    const key = serving.map(({ pid }) => pid).join(' ');
    if (key === this.#last) return;
    this.#last = key;
    this.#writing = this.#writing.then(() => this.#write(serving));
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(workers: readonly ConnectedWorker[]): Promise<void> {
    const bootId = await readBootId();
    const entries = await Promise.all(
      workers.map(async ({ pid, listeners }): Promise<LedgerEntry> => {
        const ports = listeners?.listeners.flatMap(({ addresses }) => addresses.map(({ port }) => port)) ?? [];
        return { pid, bootId, startTime: (await readStartTime(pid)) ?? '', ports: [...new Set(ports)] };
      }),
    );
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await writeFile(`${this.#path}.tmp`, JSON.stringify(entries), { mode: 0o600 });
    await rename(`${this.#path}.tmp`, this.#path);
  }
}

export interface LeftWorkers {
  readonly pids: readonly number[];
  readonly ports: ReadonlySet<number>;
}

/** Workers of this instance that run now, whoever started them. A damaged or missing file means none. */
export async function readLeftWorkers(path: string): Promise<LeftWorkers> {
  const entries = await readEntries(path);
  const alive = await Promise.all(entries.map(async (entry) => ({ entry, runs: await isRunning(entry) })));
  const left = alive.filter(({ runs }) => runs).map(({ entry }) => entry);
  return { pids: left.map(({ pid }) => pid), ports: new Set(left.flatMap(({ ports }) => ports)) };
}

async function readEntries(path: string): Promise<LedgerEntry[]> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isEntry(value: unknown): value is LedgerEntry {
  const { pid, startTime, bootId, ports } = (value ?? {}) as Partial<Record<keyof LedgerEntry, unknown>>;
  const isNumber = (port: unknown): boolean => Number.isInteger(port);
  return (
    isNumber(pid) &&
    typeof startTime === 'string' &&
    typeof bootId === 'string' &&
    Array.isArray(ports) &&
    ports.every(isNumber)
  );
}
