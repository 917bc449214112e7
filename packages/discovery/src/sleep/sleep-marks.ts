import type { ComingState } from '@dproxy/core';

export interface SleepTable {
  /**
   * Replaces what is about to sleep, by container.
   *
   * @returns the version of the first table that says so, once it is published
   */
  setComing(coming: ReadonlyMap<string, ComingState>): Promise<number>;
}

/** The containers of all groups that are on their way to sleep, as the table is told. */
export class SleepMarks {
  readonly #table: SleepTable;
  #coming: ReadonlyMap<string, ComingState> = new Map();

  constructor(table: SleepTable) {
    this.#table = table;
  }

  /** @returns as `SleepTable.setComing` */
  async add(containerIds: readonly string[], state: ComingState): Promise<number> {
    this.#coming = new Map([...this.#coming, ...containerIds.map((id) => [id, state] as const)]);
    return await this.#table.setComing(this.#coming);
  }

  async remove(containerIds: readonly string[]): Promise<void> {
    if (!containerIds.some((id) => this.#coming.has(id))) return;
    this.#coming = new Map([...this.#coming].filter(([id]) => !containerIds.includes(id)));
    await this.#table.setComing(this.#coming);
  }
}
