import type { ChallengeServer } from './challenge-server.ts';

interface TxtRecord {
  readonly type: string;
  readonly recordName?: string;
  readonly recordValue?: string;
}

/** A ChallengeSolver for dns-01 that writes to the challenge server. Several values of one name live side by side. */
export class TxtSolver {
  readonly #server: ChallengeServer;
  readonly #values = new Map<string, readonly string[]>();
  /** The server only removes all values of a name: changes go one after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(server: ChallengeServer) {
    this.#server = server;
  }

  /** `name value` of what stands. */
  get standing(): readonly string[] {
    return [...this.#values].flatMap(([name, values]) => values.map((value) => `${name} ${value}`));
  }

  present({ recordName = '', recordValue = '' }: TxtRecord): Promise<void> {
    return this.#change(recordName, (values) => [...values, recordValue]);
  }

  withdraw({ recordName = '', recordValue = '' }: TxtRecord): Promise<void> {
    return this.#change(recordName, (values) => values.filter((value) => value !== recordValue));
  }

  #change(name: string, edit: (values: readonly string[]) => readonly string[]): Promise<void> {
    const change = this.#apply(this.#turn, name, edit);
    this.#turn = change.catch(() => {});
    return change;
  }

  async #apply(
    turn: Promise<void>,
    name: string,
    edit: (values: readonly string[]) => readonly string[],
  ): Promise<void> {
    await turn;
    const values = edit(this.#values.get(name) ?? []);
    this.#values.set(name, values);
    await this.#server.clearTxt(name);
    // oxlint-disable-next-line no-await-in-loop -- the server keeps the order
    for (const value of values) await this.#server.addTxt(name, value);
  }
}
