// Clients that ask at a fixed rate, whatever becomes of their requests, and count every one: a load that waited for answers
// would send the least while the most is lost.
import type { RequestKind, Tally } from './tally.ts';

export class OpenLoop implements Disposable {
  readonly #startedMs = performance.now();
  readonly #counts: Count[];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(kinds: readonly RequestKind[]) {
    this.#counts = kinds.map((kind) => new Count(kind));
    this.#timer = setInterval(() => this.#catchUp(), 2);
  }

  get sent(): number {
    return this.#counts.reduce((sum, { sent }) => sum + sent, 0);
  }

  tallies(): readonly Tally[] {
    return this.#counts.map((count) => count.tally());
  }

  /** Sends no more, and waits for what is under way. */
  async end(): Promise<readonly Tally[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    const tallies = this.tallies();
    this[Symbol.dispose]();
    return tallies;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { kind } of this.#counts) kind[Symbol.dispose]();
  }

  #catchUp(): void {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    for (const count of this.#counts) {
      while (count.sent < seconds * count.kind.perSecond) {
        const request = count.ask().finally(() => this.#underWay.delete(request));
        this.#underWay.add(request);
      }
    }
  }
}

class Count {
  readonly kind: RequestKind;
  sent = 0;
  #answered = 0;
  #apart = 0;
  #slowestMs = 0;
  readonly #lost: string[] = [];

  constructor(kind: RequestKind) {
    this.kind = kind;
  }

  async ask(): Promise<void> {
    this.sent += 1;
    const startedMs = performance.now();
    const outcome = await this.kind.ask();
    const tookMs = Math.round(performance.now() - startedMs);
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    switch (outcome.end) {
      case 'answered':
        this.#answered += 1;
        return;
      case 'apart':
        this.#apart += 1;
        return;
      case 'lost':
        this.#lost.push(`${new Date().toISOString()} ${this.kind.name}, ${tookMs} ms: ${outcome.what}`);
        return;
      default:
        outcome satisfies never;
    }
  }

  tally(): Tally {
    const { name, closed } = this.kind;
    const counted = { sent: this.sent, answered: this.#answered, apart: this.#apart, slowestMs: this.#slowestMs };
    return { kind: name, ...counted, lost: [...this.#lost], closed: [...closed] };
  }
}
