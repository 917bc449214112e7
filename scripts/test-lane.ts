import { spawn, type ChildProcess } from 'node:child_process';

export interface TestLaneOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** True: it writes as it goes. False: what it said comes in one piece when it is done. */
  readonly isLive: boolean;
}

/** After this long a lane that was told to end is killed, with everything in its namespace. */
const GRACE_MS = 30_000;

/** One run of vitest beside others, in a process group of its own: signals reach it only through `end`. */
export class TestLane {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  readonly #output: Buffer[] = [];
  #kill: NodeJS.Timeout | undefined;

  constructor([command = '', ...args]: readonly string[], { cwd, env, isLive }: TestLaneOptions) {
    const stdio = isLive ? 'inherit' : 'pipe';
    this.#child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', stdio, stdio] });
    this.#child.stdout?.on('data', (part: Buffer) => this.#output.push(part));
    this.#child.stderr?.on('data', (part: Buffer) => this.#output.push(part));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code) => resolve(code ?? 1));
    });
  }

  /** Resolves when it is gone and its output is written; 1 when a signal ended it. */
  async exitCode(): Promise<number> {
    const code = await this.#ended;
    clearTimeout(this.#kill);
    process.stdout.write(Buffer.concat(this.#output));
    return code;
  }

  /** Idempotent. A namespace ends with the process that made it; without one the whole group is ended. */
  end(signal: 'SIGINT' | 'SIGKILL'): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(-pid, signal);
    this.#kill ??= setTimeout(() => this.end('SIGKILL'), GRACE_MS);
  }
}
