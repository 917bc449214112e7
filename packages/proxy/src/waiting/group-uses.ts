import type { GroupActivity, WakeGroup } from '@dproxy/core';

/** What there is to do for one wake group: requests, tunnels, connections and sessions that are open, and when a byte passed. */
export class GroupUse {
  #open = 0;
  #lastMs = performance.now();

  get open(): number {
    return this.#open;
  }

  begin(): void {
    this.#open++;
    this.touch();
  }

  end(): void {
    this.#open--;
    this.touch();
  }

  /** A byte passes. */
  touch(): void {
    this.#lastMs = performance.now();
  }

  read(group: string, nowMs: number): GroupActivity {
    return { group, open: this.#open, idleMs: Math.max(0, Math.round(nowMs - this.#lastMs)) };
  }
}

/** How much the wake groups of a worker are used, over all Snapshots. */
export class GroupUses {
  readonly #uses = new Map<string, GroupUse>();

  /** @param group id of one of the table; anything else costs a few bytes until the next table */
  of(group: string): GroupUse {
    let use = this.#uses.get(group);
    if (use === undefined) {
      use = new GroupUse();
      this.#uses.set(group, use);
    }
    return use;
  }

  /** From the moment on at which a group is in the table its silence counts. */
  follow(groups: ReadonlyMap<string, WakeGroup>): void {
    for (const id of groups.keys()) this.of(id);
    for (const [id, use] of this.#uses) if (use.open === 0 && !groups.has(id)) this.#uses.delete(id);
  }

  read(groups: ReadonlyMap<string, WakeGroup>): GroupActivity[] {
    const nowMs = performance.now();
    return [...groups.keys()].map((id) => this.of(id).read(id, nowMs));
  }
}
