import type { SourceState, WakePlan } from '@dproxy/core';

/** A group, and whose containers they are. */
export interface PlannedGroup {
  /** As in `Origin.source`. */
  readonly source: string;
  readonly plan: WakePlan;
}

/** The newest word of all engines on the groups that may sleep. */
export class WakePlans {
  readonly #bySource = new Map<string, ReadonlyMap<string, WakePlan>>();

  /** @returns false: it says nothing new */
  set({ source, wakePlans = [] }: SourceState): boolean {
    const before = this.#bySource.get(source);
    const isSame = (before?.size ?? 0) === wakePlans.length && wakePlans.every((plan) => before?.get(plan.id) === plan);
    if (isSame) return false;
    this.#bySource.set(source, new Map(wakePlans.map((plan) => [plan.id, plan])));
    return true;
  }

  remove(source: string): void {
    this.#bySource.delete(source);
  }

  find(group: string): PlannedGroup | undefined {
    for (const [source, plans] of this.#bySource) {
      const plan = plans.get(group);
      if (plan !== undefined) return { source, plan };
    }
    return undefined;
  }

  all(): readonly WakePlan[] {
    return [...this.#bySource.values()].flatMap((plans) => [...plans.values()]);
  }
}
