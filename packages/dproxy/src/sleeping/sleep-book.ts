import type { Log } from '@dproxy/core';
import type { SleepingContainer, SleepRecord, SleepRecords } from '@dproxy/discovery';
import { LedgerFile } from '../ledger-file.ts';

interface Page {
  readonly asleep: ReadonlyMap<string, SleepRecord>;
  /** By group: the beginning of the last awake time for which it was woken. */
  readonly wokenForMs: ReadonlyMap<string, number>;
}

/**
 * `<state>/sleeping.json`: what we put to sleep, so that after a restart of the primary it is told from what somebody stopped by
 * hand, and for which awake times groups were woken.
 */
export class SleepBook implements SleepRecords {
  readonly #file: LedgerFile<Page>;
  readonly #asleep: Map<string, SleepRecord>;
  readonly #wokenForMs: Map<string, number>;

  private constructor(file: LedgerFile<Page>, { asleep, wokenForMs }: Page) {
    this.#file = file;
    this.#asleep = new Map(asleep);
    this.#wokenForMs = new Map(wokenForMs);
  }

  /** A file that cannot be used is said and counts as empty: everything that sleeps was stopped by hand then. */
  static async open(path: string, log: Log): Promise<SleepBook> {
    const file = new LedgerFile<Page>({
      path,
      log,
      read: readPage,
      empty: () => ({ asleep: new Map(), wokenForMs: new Map() }),
      unusable: 'the book of sleeping containers cannot be used; what sleeps now counts as stopped by hand',
    });
    return new SleepBook(file, await file.load());
  }

  async add(record: SleepRecord): Promise<void> {
    this.#asleep.set(record.group, record);
    this.#save();
    await this.#file.written();
  }

  remove(group: string): void {
    if (this.#asleep.delete(group)) this.#save();
  }

  get(group: string): SleepRecord | undefined {
    return this.#asleep.get(group);
  }

  wokenForMs(group: string): number | undefined {
    return this.#wokenForMs.get(group);
  }

  setWokenFor(group: string, sinceMs: number): void {
    if (this.#wokenForMs.get(group) === sinceMs) return;
    this.#wokenForMs.set(group, sinceMs);
    this.#save();
  }

  groups(): readonly string[] {
    return [...new Set([...this.#asleep.keys(), ...this.#wokenForMs.keys()])];
  }

  forget(group: string): void {
    const wasWoken = this.#wokenForMs.delete(group);
    if (this.#asleep.delete(group) || wasWoken) this.#save();
  }

  async close(): Promise<void> {
    await this.#file.written();
  }

  #save(): void {
    this.#file.save({ version: 1, asleep: [...this.#asleep.values()], wokenForMs: [...this.#wokenForMs] });
  }
}

function readPage(found: unknown): Page | undefined {
  const { version, asleep, wokenForMs } = fieldsOf(found);
  if (version !== 1 || !Array.isArray(asleep) || !Array.isArray(wokenForMs)) return undefined;
  if (!asleep.every(isRecord) || !wokenForMs.every(isWoken)) return undefined;
  return { asleep: new Map(asleep.map((record) => [record.group, record])), wokenForMs: new Map(wokenForMs) };
}

function isRecord(value: unknown): value is SleepRecord {
  const { group, method, sinceMs, containers } = fieldsOf(value);
  return (
    typeof group === 'string' &&
    (method === 'stop' || method === 'pause') &&
    typeof sinceMs === 'number' &&
    Array.isArray(containers) &&
    containers.every(isContainer)
  );
}

function isContainer(value: unknown): value is SleepingContainer {
  const { id, startedMs } = fieldsOf(value);
  return typeof id === 'string' && typeof startedMs === 'number';
}

function isWoken(value: unknown): value is [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
