import { execFile } from 'node:child_process';
import { Shape } from './ipc/shape.ts';
import { SupervisorGone, type Supervisor } from './supervisor.ts';

/** One process as PM2 lists it. */
export interface ListedProcess {
  readonly id: number;
  readonly name: string;
  /** 0 when it does not run. */
  readonly pid: number;
  /** PM2's word: online, launching, stopping, stopped, errored, waiting restart. */
  readonly status: string;
  readonly exitCode: number;
  readonly restarts: number;
}

export interface Pm2ProgramOptions {
  readonly supervisor: Supervisor;
  /** Absolute path of the pinned node. */
  readonly nodePath: string;
  /** Absolute path of `pm2/bin/pm2`. It is AGPL-3.0: started as a program, never imported. */
  readonly pm2Path: string;
  /** PATH and HOME for it; nothing of PM2's own variables, which it would take for those of an app. */
  readonly env: Readonly<Record<string, string>>;
}

/** PM2 refused or failed. `output` is what it printed. */
export class Pm2Failed extends Error {
  override readonly name = 'Pm2Failed';
  readonly output: string;

  constructor(args: readonly string[], output: string, options?: ErrorOptions) {
    super(`pm2 ${args.join(' ')} failed: ${output.trim().split('\n').at(-1) ?? ''}`, options);
    this.output = output;
  }
}

/** `pm2 jlist` prints about 10 KiB per process. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs the pm2 command line, never without its daemon. */
export class Pm2Program {
  readonly #options: Pm2ProgramOptions;

  constructor(options: Pm2ProgramOptions) {
    this.#options = options;
  }

  /** Processes of the app with this name. @throws SupervisorGone | Pm2Failed */
  async list(name: string): Promise<readonly ListedProcess[]> {
    const output = await this.run(['jlist']);
    // Warnings may stand before the list, on lines of their own.
    const json = output.slice(Math.max(0, output.lastIndexOf('\n[') + 1));
    const entries = new Shape({ list: JSON.parse(json) as unknown }, 'pm2 jlist').list('list', processOf);
    return entries.filter((entry) => entry.name === name);
  }

  /** @throws SupervisorGone | Pm2Failed */
  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { supervisor, nodePath, pm2Path } = this.#options;
    await supervisor.assertAnswers();
    return new Promise((resolve, reject) => {
      execFile(
        nodePath,
        [pm2Path, ...args],
        {
          maxBuffer: MAX_OUTPUT_BYTES,
          env: { ...this.#options.env, ...env, ...QUIET, PM2_HOME: supervisor.pm2Home },
        },
        (error, stdout, stderr) => {
          if (error === null && supervisor.isOurs) resolve(stdout);
          else if (error === null) reject(new SupervisorGone(`it ended during pm2 ${args.join(' ')}`));
          else reject(new Pm2Failed(args, stderr || stdout || error.message, { cause: error }));
        },
      );
    });
  }
}

/**
 * No greeting, no colours, and nobody is called at home. When the daemon ends while the command line starts, that would launch
 * an empty one, to which the next start would connect instead of having its own: `--check` makes node end before it is one.
 */
const QUIET = {
  PM2_NODE_OPTIONS: '--check',
  PM2_DISCRETE_MODE: 'true',
  PM2_DISABLE_VERSION_CHECK: 'true',
  PM2_NO_INTERACTION: 'true',
  NO_COLOR: '1',
};

function processOf(item: Shape): ListedProcess {
  const env = item.object('pm2_env');
  return {
    id: item.integer('pm_id'),
    name: item.string('name'),
    pid: numberOr(item.unknown('pid'), 0),
    status: env.string('status'),
    exitCode: numberOr(env.unknown('exit_code'), 0),
    restarts: numberOr(env.unknown('restart_time'), 0),
  };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
