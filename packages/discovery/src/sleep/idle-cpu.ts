/** What a container has used of the CPUs since it was started. */
export interface CpuSample {
  readonly usedNs: number;
  /** When that was so, in milliseconds by any clock that goes evenly. */
  readonly atMs: number;
}

/** So many say how busy it is: one that works in bursts is not taken for idle between two of them. */
const SAMPLES = 3;

/** How busy one container is, from samples of what it has used. */
export class CpuUse {
  #samples: readonly CpuSample[] = [];

  add(sample: CpuSample): void {
    const last = this.#samples.at(-1);
    // It was started anew, or another clock tells: what was before says nothing.
    const isOther = last !== undefined && (sample.usedNs < last.usedNs || sample.atMs <= last.atMs);
    this.#samples = [...(isOther ? [] : this.#samples), sample].slice(-SAMPLES);
  }

  /** In percent of one CPU; undefined before the third sample. */
  get percent(): number | undefined {
    const [first, , last] = this.#samples;
    if (first === undefined || last === undefined) return undefined;
    return ((last.usedNs - first.usedNs) / 1e6 / (last.atMs - first.atMs)) * 100;
  }
}

/** How far apart samples are: often enough to tell, never oftener than every half second. In milliseconds. */
export function cpuPauseMs(idleMs: number): number {
  return Math.min(10_000, Math.max(500, idleMs / 4));
}
