export interface HostedZone {
  /** As the provider names it in its URLs. */
  readonly id: string;
  readonly name: string;
}

/** Which zones a provider has, for a minute: both names of an order and its cleaning up ask for the same ones. */
export class ZoneMemory {
  readonly #nowMs: () => number;
  readonly #answers = new Map<string, { zone: HostedZone | undefined; untilMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async of(name: string, ask: (name: string) => Promise<HostedZone | undefined>): Promise<HostedZone | undefined> {
    const known = this.#answers.get(name);
    if (known !== undefined && known.untilMs > this.#nowMs()) return known.zone;
    const zone = await ask(name);
    // More names than any order has: begin anew rather than grow.
    if (this.#answers.size >= 1_000) this.#answers.clear();
    this.#answers.set(name, { zone, untilMs: this.#nowMs() + 60_000 });
    return zone;
  }
}
