import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/** PM2 is not there (any more): nothing can be started or stopped through it, and everything serves on. */
export class SupervisorGone extends Error {
  override readonly name = 'SupervisorGone';

  constructor(found: string) {
    super(
      `PM2 does not supervise this dproxy any more (${found}). Everything serves on, but workers cannot be started or stopped. ` +
        'Start dproxy again: the new workers take over from these without losing a request.',
    );
  }
}

export interface SupervisorOptions {
  readonly pm2Home: string;
  /** Our parent when we started: PM2's daemon, or pm2-runtime, which is the daemon. */
  readonly pid: number;
  /** `() => process.ppid`. The kernel gives us another parent the moment ours dies, even by kill -9. */
  readonly parentPid: () => number;
}

const CONNECT_MS = 2_000;

/** The PM2 daemon that started us. */
export class Supervisor {
  readonly #options: SupervisorOptions;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#options.pid;
  }

  get pm2Home(): string {
    return this.#options.pm2Home;
  }

  get isOurs(): boolean {
    return this.#options.parentPid() === this.#options.pid;
  }

  /**
   * To be asked before every pm2 command: the command line of PM2 starts an empty daemon of its own when it finds none.
   * @throws SupervisorGone
   */
  async assertAnswers(): Promise<void> {
    const { pid, pm2Home } = this.#options;
    if (!this.isOurs) throw new SupervisorGone(`its process ${pid} has ended`);
    const found = await readPid(join(pm2Home, 'pm2.pid'));
    if (found !== pid)
      throw new SupervisorGone(`${join(pm2Home, 'pm2.pid')} names ${found || 'nobody'}, expected ${pid}`);
    await assertConnects(join(pm2Home, 'rpc.sock'));
  }
}

async function readPid(path: string): Promise<number> {
  try {
    return Number.parseInt(await readFile(path, 'utf8'), 10) || 0;
  } catch {
    return 0;
  }
}

function assertConnects(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new SupervisorGone(`${path}: ${why}`));
    };
    socket.setTimeout(CONNECT_MS, () => fail('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
