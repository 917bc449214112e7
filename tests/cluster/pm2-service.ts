// A whole service under real PM2, with its own PM2_HOME and the settings of ecosystem.config.js; only the two scripts are
// the toy ones of @dproxy/cluster, so that these tests are about supervision and nothing else.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BalancerChange, BalancerStatus } from '@dproxy/core';
import { eventually, freePort, get, tempFolder, within, type TempFolder } from '@dproxy/testkit';
import { apps } from '../../ecosystem.config.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const FIXTURES = join(ROOT, 'packages', 'cluster', 'src', 'fixtures');
const PM2 = join(ROOT, 'node_modules', 'pm2', 'bin');

export type FixtureStatus = BalancerStatus & { readonly pid: number; readonly version: number };

export interface Pm2ServiceOptions {
  readonly workers?: number;
  readonly drainMs?: number;
  /** Environment of the workers. */
  readonly workerEnv?: Readonly<Record<string, string>>;
}

/** Ends every process that it started, by pid, also those that outlived their supervisor. */
export class Pm2Service implements AsyncDisposable {
  readonly port: number;
  readonly #folder: TempFolder;
  readonly #runtimes: ChildProcess[] = [];
  readonly #seen = new Set<number>();
  #output = '';

  private constructor(folder: TempFolder, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** Resolves when the workers are ready. */
  static async start(options: Pm2ServiceOptions = {}): Promise<Pm2Service> {
    const service = await Pm2Service.prepare(options);
    await service.run();
    await service.whenOnline(options.workers ?? 2);
    return service;
  }

  static async prepare(options: Pm2ServiceOptions = {}): Promise<Pm2Service> {
    const { workers = 2, drainMs = 1_000, workerEnv = {} } = options;
    // A unix socket's path holds 107 bytes, and PM2 puts three of them under its home.
    const folder = await tempFolder('dp-');
    const service = new Pm2Service(folder, await freePort());
    const env = {
      FIXTURE_STATE: join(folder.path, 'state'),
      FIXTURE_PORT: String(service.port),
      FIXTURE_WORKERS: String(workers),
      FIXTURE_DRAIN_MS: String(drainMs),
      FIXTURE_PM2: join(PM2, 'pm2'),
    };
    const [primary, worker] = apps;
    const ecosystem = {
      apps: [
        { ...primary, script: join(FIXTURES, 'fixture-primary.ts'), env: { ...primary?.env, ...env } },
        {
          ...worker,
          script: join(FIXTURES, 'fixture-worker.ts'),
          instances: workers,
          env: { ...worker?.env, ...env, ...workerEnv },
        },
      ],
    };
    await writeFile(join(folder.path, 'dproxy.json'), JSON.stringify(ecosystem));
    return service;
  }

  /** A second PM2 with a home of its own, over the same state folder. */
  async again(): Promise<Pm2Service> {
    const service = new Pm2Service(await tempFolder('dp-'), this.port);
    const ecosystem = await readFile(join(this.#folder.path, 'dproxy.json'), 'utf8');
    await writeFile(join(service.#folder.path, 'dproxy.json'), ecosystem);
    await service.run();
    return service;
  }

  get statePath(): string {
    return join(this.#folder.path, 'state');
  }

  get home(): string {
    return join(this.#folder.path, 'pm2');
  }

  /** What PM2 printed: its own lines and the output of all processes. */
  get output(): string {
    return this.#output;
  }

  /** Starts pm2-runtime in the foreground. */
  async run(): Promise<ChildProcess> {
    const runtime = spawn(
      process.execPath,
      [join(PM2, 'pm2-runtime'), 'start', join(this.#folder.path, 'dproxy.json')],
      {
        env: { ...process.env, PM2_HOME: this.home, FIXTURE_SECRET: 'of the primary' },
      },
    );
    for (const stream of [runtime.stdout, runtime.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#runtimes.push(runtime);
    await once(runtime, 'spawn');
    return runtime;
  }

  /** What a person could do to the workers. */
  async pm2(...args: readonly string[]): Promise<void> {
    await run(process.execPath, [join(PM2, 'pm2'), ...args], { env: { ...process.env, PM2_HOME: this.home } });
  }

  async status(): Promise<FixtureStatus> {
    const status = (await this.#call('/status')) as FixtureStatus;
    for (const pid of [status.pid, ...status.workers.map((worker) => worker.pid)]) this.#seen.add(pid);
    return status;
  }

  async change(path: string): Promise<BalancerChange> {
    const change = (await this.#call(path)) as BalancerChange;
    await this.status();
    return change;
  }

  /** Pids of the workers that are online. */
  async online(): Promise<number[]> {
    return (await this.status()).workers.flatMap(({ pid, state }) => (state === 'online' ? [pid] : []));
  }

  async whenOnline(count: number): Promise<number[]> {
    return eventually(
      async () => {
        const pids = await this.online();
        return pids.length === count ? pids : undefined;
      },
      { deadlineMs: 90_000, everyMs: 50, what: `${count} workers online` },
    );
  }

  /** Pid of the worker that answered, and the table's version. */
  async ask(): Promise<{ pid: number; version: number }> {
    const answer = await get({ port: this.port, name: 'a.test' });
    const [pid = 0, version = 0] = answer.body.text.split(' ').map(Number);
    return { pid, version };
  }

  async daemonPid(): Promise<number> {
    return Number(await readFile(join(this.home, 'pm2.pid'), 'utf8'));
  }

  publish(): Promise<unknown> {
    return this.#call('/publish');
  }

  #call(path: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: join(this.statePath, 'control.sock'), path }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(text));
        });
      });
      call.once('error', reject);
      call.end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const runtime of this.#runtimes) {
      if (runtime.exitCode !== null || runtime.signalCode !== null) continue;
      const exited = once(runtime, 'exit');
      runtime.kill('SIGINT');
      await within(exited, 'the end of pm2-runtime', 90_000);
    }
    for (const pid of this.#seen) {
      if (await isFixture(pid)) process.kill(pid, 'SIGKILL');
    }
    await this.#folder.remove();
  }
}

/** Whether this pid is still one of ours: pids are given again. */
async function isFixture(pid: number): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(FIXTURES);
  } catch {
    return false;
  }
}

export async function hasEnded(pid: number): Promise<boolean> {
  return !(await isFixture(pid));
}

/** A request that a worker holds until it is cut. */
export async function hold(port: number): Promise<{ closed: Promise<unknown>; destroy(): void }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.on('error', () => undefined);
  socket.write('GET /hold HTTP/1.1\r\nHost: a.test\r\n\r\n');
  return { closed, destroy: () => socket.destroy() };
}
