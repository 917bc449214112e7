import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** A program that a test needs, with what it says. */
export class TestProgram {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #name: string;
  #output = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#name = command;
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, PATH: '/usr/bin:/bin' } });
    // Without a listener a missing program would end the whole test run; `assertRunning` tells it to whoever waits.
    this.#child.on('error', (error) => {
      this.#output += error.message;
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  /** @throws Error with what the program said, when it has ended */
  assertRunning(): void {
    if (this.#hasEnded) throw new Error(`${this.#name} ended: ${this.#output.slice(-2_000)}`);
  }

  /** Idempotent. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  get #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
