import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';

/** One of the two programs of an engine, started in a session of its own, so that Ctrl-C in a terminal does not reach it. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #logFile: string;

  constructor(command: string, args: readonly string[], logFile: string) {
    const log = openSync(logFile, 'a');
    this.#logFile = logFile;
    this.#child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
    // Without a listener a missing program would end the whole test run; `hasEnded` tells it to whoever waits.
    this.#child.on('error', () => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get logFile(): string {
    return this.#logFile;
  }

  /** Sends the signal and resolves when the process is gone; after `deadlineMs` it is killed. Idempotent. */
  async end(signal: 'SIGTERM' | 'SIGKILL', deadlineMs = 15_000): Promise<void> {
    if (this.hasEnded) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), deadlineMs);
    await gone;
    clearTimeout(timer);
  }
}
