import type { Finding } from './probe.ts';

/** A program that has been started a moment ago listens in a moment: the first pauses are short, and double. */
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1_000;
/** Then it is asked about a minute already. It may not listen before somebody mends it. */
const PATIENT_AFTER = 66;
const PATIENT_PAUSE_MS = 5_000;
/** About ten seconds: what takes longer is worth a line in the log. */
const LATE_AFTER = 16;

/** Whether a program that was started listens: `starting` until it has once, then `healthy` for ever. */
export class ReadinessState {
  #hasPassed: boolean;
  #asked = 0;

  /** @param isKnown it served before, under an earlier primary */
  constructor(isKnown: boolean) {
    this.#hasPassed = isKnown;
  }

  get state(): 'starting' | 'healthy' {
    return this.#hasPassed ? 'healthy' : 'starting';
  }

  /** True after one of the findings, when it is plain that it takes long. */
  get isLate(): boolean {
    return !this.#hasPassed && this.#asked === LATE_AFTER;
  }

  /** @returns whether the state has changed */
  note(finding: Finding): boolean {
    this.#asked++;
    if (this.#hasPassed || finding !== '') return false;
    this.#hasPassed = true;
    return true;
  }

  /** @returns undefined: it is not asked again */
  nextPauseMs(): number | undefined {
    if (this.#hasPassed) return undefined;
    if (this.#asked > PATIENT_AFTER) return PATIENT_PAUSE_MS;
    return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, this.#asked - 1));
  }
}
