import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, tempFolder, within, type TempFolder } from '@dproxy/testkit';

export interface ChromiumOptions {
  /** Where every name leads. */
  readonly address: string;
  /** PEM of an authority that a user has installed as `dproxy trust` says. */
  readonly trustedPem: string;
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
    const store = join(home.path, '.pki', 'nssdb');
    await mkdir(store, { recursive: true });
    const root = join(home.path, 'root.crt');
    await writeFile(root, options.trustedPem);
    await runCommand('certutil', ['-d', `sql:${store}`, '-N', '--empty-password']);
    await runCommand('certutil', ['-d', `sql:${store}`, '-A', '-t', 'C,,', '-n', 'dproxy', '-i', root]);
    return new Chromium(home, options);
  }

  /** Opens a page; what it does is for its own script to report. */
  open(url: string): void {
    const { path } = this.#home;
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'];
    const own = [`--user-data-dir=${join(path, 'profile')}`, `--host-resolver-rules=MAP * ${this.#options.address}`];
    this.#program = spawn('/usr/bin/chromium', [...flags, ...own, '--remote-debugging-port=0', url], {
      env: { PATH: process.env['PATH'] ?? '', HOME: path },
      stdio: 'ignore',
      detached: true,
    });
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
