import { identify, isRunning, type ConnectedWorker, type ListenersReport, type ProcessIdentity } from '@dproxy/cluster';
import type { Log } from '@dproxy/core';
import { readStateFile, StateFile } from './state-file.ts';

interface LedgerEntry extends ProcessIdentity {
  readonly ports: readonly number[];
}

/**
 * `<state>/run/workers.json`: which processes serve which ports. Written by the primary, so that the next start recognises
 * workers that outlived their supervisor, even when the primary died with it.
 */
export class WorkerLedger {
  readonly #file: StateFile;
  #describing: Promise<void> = Promise.resolve();
  #last = '';

  constructor(path: string, log: Log) {
    this.#file = new StateFile(path, log);
  }

  /** Remembers who serves now, when that has changed; in the background. */
  record(workers: readonly ConnectedWorker[]): void {
    const serving = workers.flatMap(({ pid, listeners }) =>
      listeners === undefined ? [] : [{ pid, ports: portsOf(listeners) }],
    );
    const key = JSON.stringify(serving);
    if (key === this.#last) return;
    this.#last = key;
    this.#describing = this.#describing.then(async () => this.#file.save(await Promise.all(serving.map(describe))));
  }

  async close(): Promise<void> {
    await this.#describing;
    await this.#file.close();
  }
}

/** The ports of what a worker has said that it listens on. */
export function portsOf({ listeners }: ListenersReport): readonly number[] {
  return [...new Set(listeners.flatMap(({ addresses }) => addresses.map(({ port }) => port)))];
}

async function describe({
  pid,
  ports,
}: {
  readonly pid: number;
  readonly ports: readonly number[];
}): Promise<LedgerEntry> {
  return { ...(await identify(pid)), ports };
}

export interface LeftWorkers {
  readonly pids: readonly number[];
  readonly ports: ReadonlySet<number>;
}

/** Workers of this instance that run now, whoever started them. A damaged or missing file means none. */
export async function readLeftWorkers(path: string): Promise<LeftWorkers> {
  const content = await readStateFile(path);
  const entries = Array.isArray(content) ? content.filter(isEntry) : [];
  const alive = await Promise.all(entries.map(async (entry) => ({ entry, runs: await isRunning(entry) })));
  const left = alive.filter(({ runs }) => runs).map(({ entry }) => entry);
  return { pids: left.map(({ pid }) => pid), ports: new Set(left.flatMap(({ ports }) => ports)) };
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
