import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface ProgramRun {
  /** Exit code, or the signal that ended it. */
  readonly end: number | NodeJS.Signals;
  /** What it wrote, both streams as they came; only the beginning of what is long. */
  readonly output: string;
  readonly isTimeout: boolean;
}

const MAX_OUTPUT_BYTES = 16_384;

/**
 * Runs a program without a shell and waits until it has ended. When the time is over, or the signal says so, it is killed with
 * all that it started.
 * @throws Error of spawn when it cannot be started, or the signal's reason
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  {
    env,
    timeoutMs,
    signal,
  }: { readonly env: Readonly<Record<string, string>>; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProgramRun> {
  signal.throwIfAborted();
  // Detached: a process group of its own, so that children of a script are killed with it and Ctrl-C does not cut it.
  const child = spawn(path, args, { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = new Output();
  output.collect(child.stdout);
  output.collect(child.stderr);
  const { promise, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals>();
  child.on('error', reject);
  // Not `close`: a daemon that the script leaves behind keeps the pipes open.
  child.on('exit', (code, ended) => {
    resolve(code ?? ended ?? 'SIGKILL');
  });
  let isTimeout = false;
  const kill = () => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const timer = setTimeout(() => {
    isTimeout = true;
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const end = await promise;
    signal.throwIfAborted();
    // What was written before the end is still in the pipes.
    await new Promise(setImmediate);
    return { end, output: output.text, isTimeout };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

class Output {
  readonly #parts: Buffer[] = [];
  #size = 0;

  collect(stream: Readable): void {
    stream.on('data', (part: Buffer) => {
      // The rest is read and dropped: a program that writes much must not wait for us.
      const kept = part.subarray(0, MAX_OUTPUT_BYTES - this.#size);
      this.#size += kept.length;
      this.#parts.push(kept);
    });
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it has just ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
