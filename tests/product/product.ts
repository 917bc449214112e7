// The product as its user meets it: `dproxy start` in a process of its own, under real PM2, with real workers, its own state
// folder and ports. Whatever it started is ended by pid, also what outlives its supervisor.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { BalancerStatus } from '@dproxy/core';
import {
  eventually,
  freePort,
  get,
  tempFolder,
  within,
  type RawClientOptions,
  type RawResponse,
  type TempFolder,
} from '@dproxy/testkit';
import type { EngineAccess } from '@dproxy/testkit/docker';

export const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'packages', 'dproxy', 'src', 'cli.ts');

export type Health = BalancerStatus & { readonly online: number; readonly warnings: readonly string[] };

export interface ProductOptions {
  /** Default: none, so that the demo route answers unless there is a file. */
  readonly engine?: EngineAccess;
  /** Text of dproxy.yml; default: no file at all. */
  readonly yml?: string;
  /** Default 2. 0: whatever the file says. */
  readonly workers?: number;
  /** Where authorities ask: 80 and 443. Default: free ports. */
  readonly hasPublicPorts?: boolean;
  /** Beside the own ports and folders. An empty text removes a variable. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `node cli.ts start`. */
  readonly command?: readonly string[];
  readonly cwd?: string;
}

export interface BackendRow {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  readonly reason: string;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly message: string;
  readonly data: unknown;
}

export class Product implements AsyncDisposable {
  readonly folder: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly apiPort: number;
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: TempFolder;
  readonly #options: ProductOptions;
  readonly #runs: ChildProcess[] = [];
  #output = '';

  private constructor(folder: TempFolder, ports: readonly number[], options: ProductOptions) {
    const [httpPort = 0, httpsPort = 0, apiPort = 0] = ports;
    this.#folder = folder;
    this.#options = options;
    this.folder = folder.path;
    this.httpPort = httpPort;
    this.httpsPort = httpsPort;
    this.apiPort = apiPort;
    this.env = this.#environment();
  }

  /** Resolves when the banner is printed and all workers serve. */
  static async start(options: ProductOptions = {}): Promise<Product> {
    const product = await Product.prepare(options);
    try {
      product.run();
      await product.whenReady();
    } catch (error) {
      await product[Symbol.asyncDispose]();
      throw error;
    }
    return product;
  }

  /** Folder, ports and file, nothing running. */
  static async prepare(options: ProductOptions = {}): Promise<Product> {
    // A unix socket's path holds 107 bytes, and PM2 puts three of them under its home.
    const folder = await tempFolder('dp-');
    const doors = options.hasPublicPorts === true ? [80, 443] : [await freePort(), await freePort()];
    const product = new Product(folder, [...doors, await freePort()], options);
    if (options.yml !== undefined) await product.configure(options.yml);
    return product;
  }

  get state(): string {
    return join(this.folder, 'state');
  }

  get configFile(): string {
    return join(this.folder, 'dproxy.yml');
  }

  /** What the foreground prints: banner and log. */
  get output(): string {
    return this.#output;
  }

  async configure(yml: string): Promise<void> {
    await writeFile(this.configFile, yml);
  }

  /** Starts it in the foreground, in a process group of its own, as a shell does. */
  run(): ChildProcess {
    const [command = process.execPath, ...args] = this.#options.command ?? [process.execPath, CLI, 'start'];
    const child = spawn(command, args, {
      cwd: this.#options.cwd ?? this.folder,
      env: this.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#runs.push(child);
    return child;
  }

  async whenReady(workers = this.#options.workers ?? 2): Promise<void> {
    await eventually(
      () => {
        if (this.#run.exitCode !== null) throw new Error(`it ended with ${this.#run.exitCode}`);
        return /\n {2}try /.test(this.#output);
      },
      { deadlineMs: 90_000, everyMs: 20, what: 'a banner' },
    ).catch((error: unknown) => {
      throw new Error(`dproxy did not start:\n${this.#output}`, { cause: error });
    });
    await this.whenOnline(workers === 0 ? undefined : workers);
  }

  get #run(): ChildProcess {
    const run = this.#runs.at(-1);
    if (run === undefined) throw new Error('run() comes first');
    return run;
  }

  /** The process that PM2 runs in. */
  get supervisorPid(): number {
    return this.#run.pid ?? 0;
  }

  async primaryPid(): Promise<number> {
    const record = JSON.parse(await readFile(join(this.state, 'run', 'primary.json'), 'utf8')) as {
      primary: { pid: number };
    };
    return record.primary.pid;
  }

  /** Exit code of the foreground, 128 + n when a signal ended it. */
  async exit(signal?: 'SIGINT' | 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    const run = this.#run;
    if (run.exitCode !== null || run.signalCode !== null) return run.exitCode ?? run.signalCode;
    const exited = once(run, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    if (signal !== undefined) run.kill(signal);
    const [code, by] = await within(exited, 'the end of dproxy', 90_000);
    return code ?? by;
  }

  /** Ctrl-C in a terminal: the whole foreground process group gets it. */
  async ctrlC(): Promise<number | NodeJS.Signals | null> {
    const exited = this.exit();
    process.kill(-this.supervisorPid, 'SIGINT');
    return await exited;
  }

  async api(path: string, { method = 'GET', headers = '' } = {}): Promise<ApiAnswer> {
    const request = { port: this.apiPort, name: `127.0.0.1:${this.apiPort}`, path, headers, method };
    const answer = await send(request, 90_000);
    const parsed = JSON.parse(answer.body.text) as { ok: boolean; message: string; data: unknown };
    return { status: answer.status, ...parsed };
  }

  async health(): Promise<Health> {
    return (await this.api('/healthz')).data as Health;
  }

  /** Pids of the workers, once exactly so many (default: as many as wanted) are online and nobody is leaving. */
  async whenOnline(count?: number, deadlineMs = 90_000): Promise<number[]> {
    let last: unknown;
    const arrived = eventually(
      async () => {
        const { size, workers } = (last = await this.health());
        const online = workers.filter(({ state }) => state === 'online');
        const isDone = online.length === (count ?? size) && workers.length === online.length;
        return isDone ? online.map(({ pid }) => pid) : undefined;
      },
      { deadlineMs, everyMs: 30 },
    );
    return await arrived.catch((cause: unknown) => {
      const seen = `${JSON.stringify(last)}\n${this.#output.slice(-5_000)}`;
      throw new Error(`${count ?? 'all'} workers did not come online:\n${seen}`, { cause });
    });
  }

  /** The version of the table, once every worker has the same. */
  async version(): Promise<number> {
    return await eventually(async () => {
      const versions = new Set((await this.health()).workers.map(({ snapshot }) => snapshot));
      return versions.size === 1 ? [...versions][0] : undefined;
    });
  }

  async rejected(): Promise<readonly { source: string; line: number; column: number; message: string }[]> {
    return (await this.api('/rejected')).data as { source: string; line: number; column: number; message: string }[];
  }

  /** One request on a connection of its own. */
  async get(name: string, path = '/', headers = ''): Promise<RawResponse> {
    return await get({ port: this.httpPort, name, path, headers });
  }

  /** Over HTTPS; the chain is verified against the local CA. */
  async getTls(name: string, path = '/', tls: RawClientOptions['tls'] = {}): Promise<RawResponse> {
    return await get({ port: this.httpsPort, name, path, tls: { servername: name, ca: await this.localCa(), ...tls } });
  }

  async localCa(): Promise<string> {
    return await readFile(join(this.state, 'ca', 'root.crt'), 'utf8');
  }

  async status(name: string, path = '/'): Promise<number> {
    return (await this.get(name, path)).status;
  }

  /** Of every worker: the kernel spreads connections over them, and each takes a change in its own time. */
  async whenStatus(name: string, status: number, path = '/'): Promise<void> {
    await eventually(async () => (await this.allOf(() => this.status(name, path))).every((got) => got === status), {
      what: `${status} from ${name}${path}`,
    });
  }

  /** What ask() gives for connections enough to reach every worker. */
  async allOf<T>(ask: () => Promise<T>): Promise<T[]> {
    return await Promise.all(Array.from({ length: 8 }, ask));
  }

  async backends(): Promise<readonly BackendRow[]> {
    return (await this.api('/backends')).data as BackendRow[];
  }

  async routes(): Promise<readonly { host: string; path: string; action: { backends?: unknown[] } }[]> {
    return (await this.api('/routes')).data as { host: string; path: string; action: { backends?: unknown[] } }[];
  }

  /** `dproxy <args>` with the environment of this instance. */
  async cli(...args: string[]): Promise<CommandResult> {
    return await runProgram([process.execPath, CLI, ...args], { env: this.env, cwd: this.folder });
  }

  /** Processes of this instance that run: their environment names its state folder. */
  async processes(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
    const found = await Promise.all(pids.map(async (pid) => ((await this.#isOurs(pid)) ? [Number(pid)] : [])));
    return found.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) {
      if (run.exitCode === null && run.signalCode === null) {
        const exited = once(run, 'exit');
        run.kill('SIGTERM');
        await within(exited, 'the end of dproxy', 90_000).catch(() => run.kill('SIGKILL'));
      }
    }
    await eventually(async () => {
      const pids = await this.processes();
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    });
    await this.#folder.remove();
  }

  #environment(): Record<string, string> {
    const { engine, yml, workers = 2, env = {} } = this.#options;
    const all: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      DOCKER_PROXY_STATE_PATH: this.state,
      DOCKER_PROXY_PORT: String(this.httpPort),
      DOCKER_PROXY_SSL_PORT: String(this.httpsPort),
      DOCKER_PROXY_API_PORT: String(this.apiPort),
      DOCKER_PROXY_CONFIG_PATH: yml === undefined ? '' : this.configFile,
      DOCKER_PROXY_WORKER_LIMIT: workers === 0 ? '' : String(workers),
      DOCKER_HOST: `unix://${engine?.socketPath ?? join(this.folder, 'no-engine.sock')}`,
      ...env,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  }

  async #isOurs(pid: string): Promise<boolean> {
    try {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
      return environment.split('\0').includes(`DOCKER_PROXY_STATE_PATH=${this.state}`);
    } catch {
      // It ended meanwhile, or it is a kernel thread.
      return false;
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A request to the admin API: it may wait for workers that drain. */
async function send(
  { port, name, path, headers, method }: { port: number; name: string; path: string; headers: string; method: string },
  deadlineMs: number,
): Promise<{ status: number; body: { text: string } }> {
  const lines = headers.split('\r\n').flatMap((line) => (line === '' ? [] : [line.split(': ', 2) as [string, string]]));
  const answered = Promise.withResolvers<{ status: number; body: { text: string } }>();
  const call = request(
    { host: '127.0.0.1', port, path, method, agent: false, headers: { host: name, ...Object.fromEntries(lines) } },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => answered.resolve({ status: response.statusCode ?? 0, body: { text } }));
      response.on('error', answered.reject);
    },
  );
  call.on('error', answered.reject);
  call.end();
  return await within(answered.promise, `${method} ${path}`, deadlineMs);
}

export async function runProgram(
  [command = '', ...args]: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string },
): Promise<CommandResult> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const [code] = (await within(once(child, 'close'), args.join(' '), 90_000)) as [number | null];
  return { code, ...text };
}
