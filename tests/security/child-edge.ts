import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { WorkerStats } from '@dproxy/core';
import { eventually, type SnapshotSpec, within } from '@dproxy/testkit';

/** What the data plane in the other process says about itself. */
export interface ChildReport {
  readonly stats: WorkerStats;
  /** In bytes, after a garbage collection. */
  readonly rss: number;
  readonly heapAndBuffers: number;
  /** User and system time of the process, in microseconds. */
  readonly cpu: number;
  /** Sockets and servers that the process holds open. */
  readonly handles: readonly string[];
  /** `uncaughtException` and `unhandledRejection`, as text. */
  readonly unhandled: readonly string[];
}

/** A data plane in a process of its own, with the log of a worker on its stdout: it can exit, leak and be measured. */
export class ChildEdge implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #output: string[];

  private constructor(child: ChildProcess, port: number, output: string[]) {
    this.#child = child;
    this.port = port;
    this.#output = output;
  }

  /** @param spec must survive JSON */
  static async start(spec: SnapshotSpec): Promise<ChildEdge> {
    const child = fork(new URL('./child-main.ts', import.meta.url), [], {
      execArgv: ['--expose-gc'],
      silent: true,
    });
    const output: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.send(spec);
    const [message] = (await within(once(child, 'message'), 'the port of the child')) as [{ port: number }];
    return new ChildEdge(child, message.port, output);
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.#output.join('');
  }

  async report(): Promise<ChildReport> {
    if (this.hasExited) throw new Error(`the data plane has exited: ${this.output.slice(-2_000)}`);
    this.#child.send('report');
    const [report] = (await within(once(this.#child, 'message'), 'a report', 90_000)) as [ChildReport];
    return report;
  }

  /** Resolves when no client is connected any more. */
  async empty(): Promise<ChildReport> {
    return await eventually(
      async () => {
        const report = await this.report();
        return report.stats.connections === 0 && report.stats.tunnels === 0 ? report : undefined;
      },
      { everyMs: 100, deadlineMs: 90_000, what: 'a data plane without connections' },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasExited) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
