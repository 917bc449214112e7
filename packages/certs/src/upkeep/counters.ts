/** Since the start; all increase. */
export interface UpkeepCounters {
  /** Attempts that reached an authority and ended with a certificate. */
  readonly issued: number;
  /** Attempts that failed, by `IssueProblem`. */
  readonly failed: ReadonlyMap<string, number>;
  /** Orders that were not sent because the authority would have refused them. */
  readonly refusedHere: number;
  /** Names of handshakes that got no order. */
  readonly onDemandRefused: number;
}

export class Counters {
  #issued = 0;
  #refusedHere = 0;
  #onDemandRefused = 0;
  readonly #failed = new Map<string, number>();

  issued(): void {
    this.#issued += 1;
  }

  failed(problem: string): void {
    this.#failed.set(problem, (this.#failed.get(problem) ?? 0) + 1);
  }

  refusedHere(): void {
    this.#refusedHere += 1;
  }

  onDemandRefused(): void {
    this.#onDemandRefused += 1;
  }

  read(): UpkeepCounters {
    return {
      issued: this.#issued,
      failed: new Map(this.#failed),
      refusedHere: this.#refusedHere,
      onDemandRefused: this.#onDemandRefused,
    };
  }
}
