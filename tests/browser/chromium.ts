import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, tempFolder, within, type TempFolder } from '@dproxy/testkit';
import { DevTools } from './devtools.ts';

export interface ChromiumOptions {
  /** Where every name leads. */
  readonly address: string;
  /** PEM of an authority that a user has installed as `dproxy trust` says. Absent: none. */
  readonly trustedPem?: string;
}

/** Debian's Chromium, headless, with a profile of its own, in a process group of its own. */
export class Chromium implements AsyncDisposable {
  readonly #home: TempFolder;
  readonly #options: ChromiumOptions;
  #program: ChildProcess | undefined;

  private constructor(home: TempFolder, options: ChromiumOptions) {
    this.#home = home;
    this.#options = options;
  }

  static async prepare(options: ChromiumOptions): Promise<Chromium> {
    const home = await tempFolder('dproxy-browser-');
    if (options.trustedPem !== undefined) await trust(home.path, options.trustedPem);
    return new Chromium(home, options);
  }

  /** Opens a page; what it does is for its own script to report. */
  open(url: string): void {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'];
    const own = [`--user-data-dir=${this.#profile}`, `--host-resolver-rules=MAP * ${this.#options.address}`];
    this.#program = spawn('/usr/bin/chromium', [...flags, ...own, '--remote-debugging-port=0', url], {
      env: { PATH: process.env['PATH'] ?? '', HOME: this.#home.path },
      stdio: 'ignore',
      detached: true,
    });
  }

  /** Opens an empty page, and drives it from here. */
  async drive(): Promise<DevTools> {
    this.open('about:blank');
    return await DevTools.connect(this.#profile);
  }

  get #profile(): string {
    return join(this.#home.path, 'profile');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const program = this.#program;
    if (program?.pid !== undefined && program.exitCode === null) {
      const ended = once(program, 'exit');
      process.kill(-program.pid, 'SIGKILL');
      await within(ended, 'the end of Chromium');
    }
    await this.#home.remove();
  }
}

async function trust(home: string, pem: string): Promise<void> {
  const store = join(home, '.pki', 'nssdb');
  await mkdir(store, { recursive: true });
  const root = join(home, 'root.crt');
  await writeFile(root, pem);
  await runCommand('certutil', ['-d', `sql:${store}`, '-N', '--empty-password']);
  await runCommand('certutil', ['-d', `sql:${store}`, '-A', '-t', 'C,,', '-n', 'dproxy', '-i', root]);
}
