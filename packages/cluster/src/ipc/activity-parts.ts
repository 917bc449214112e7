import type { GroupActivity } from '@dproxy/core';

/** Of the JSON of one part: ten thousand groups with long names would not fit into what a worker may send at once. */
const PART_BYTES = 256 * 1024;

/** Groups of which one worker may tell in one answer. */
const MAX_GROUPS = 100_000;
/** Of their ids together, in UTF-16 units: so many groups with the longest ids that there may be would take 400 MB of the primary. */
const MAX_ID_UNITS = 8 * 1024 * 1024;

/** What fits into one message each; at least one part, so that there is an answer. */
export function splitActivity(groups: readonly GroupActivity[]): readonly (readonly GroupActivity[])[] {
  const parts: GroupActivity[][] = [[]];
  let bytes = 0;
  for (const group of groups) {
    const size = Buffer.byteLength(JSON.stringify(group)) + 1;
    if (bytes + size > PART_BYTES && bytes > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(group);
    bytes += size;
  }
  return parts;
}

/** The parts of answers that have not come to their end. */
export class ActivityParts {
  readonly #parts = new Map<number, { readonly groups: GroupActivity[]; readonly idUnits: number }>();

  /**
   * @returns the whole, once `isLast`
   * @throws RangeError when a worker tells of more groups than any host has
   */
  add(request: number, groups: readonly GroupActivity[], isLast: boolean): readonly GroupActivity[] | undefined {
    const before = this.#parts.get(request) ?? { groups: [], idUnits: 0 };
    const idUnits = groups.reduce((sum, { group }) => sum + group.length, before.idUnits);
    if (before.groups.length + groups.length > MAX_GROUPS || idUnits > MAX_ID_UNITS)
      throw new RangeError(
        `activity of more than ${MAX_GROUPS} groups, or ids of more than ${MAX_ID_UNITS} characters`,
      );
    before.groups.push(...groups);
    if (isLast) this.#parts.delete(request);
    else this.#parts.set(request, { ...before, idUnits });
    return isLast ? before.groups : undefined;
  }

  /** Nobody waits for it any more. */
  drop(request: number): void {
    this.#parts.delete(request);
  }
}

/** Of all workers together: what is open is added, and what was used last counts. */
export function sumActivity(answers: readonly (readonly GroupActivity[])[]): readonly GroupActivity[] {
  const sums = new Map<string, GroupActivity>();
  for (const { group, open, idleMs } of answers.flat()) {
    const before = sums.get(group);
    sums.set(group, {
      group,
      open: open + (before?.open ?? 0),
      idleMs: Math.min(idleMs, before?.idleMs ?? Number.POSITIVE_INFINITY),
    });
  }
  return [...sums.values()];
}
