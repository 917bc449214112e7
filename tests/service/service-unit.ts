// config/dproxy.service without systemd as process 1: its own command lines, run as an ordinary user with the unit's one
// capability, the checkout read-only in /opt/dproxy, and a state folder that the user owns.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually, freePort, tempFolder, type TempFolder } from '@dproxy/testkit';

export const ROOT = join(import.meta.dirname, '..', '..');
export const UNIT = join(ROOT, 'config', 'dproxy.service');
export const UID = 12_345;

/** The values of one key of a unit, in order. */
function valuesOf(unit: string, key: string): string[] {
  return unit.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

const DROP = [
  `--reuid=${UID}`,
  `--regid=${UID}`,
  '--clear-groups',
  '--bounding-set=-all,+net_bind_service',
  '--inh-caps=-all,+net_bind_service',
  '--ambient-caps=-all,+net_bind_service',
  '--no-new-privs',
].join(' ');

/** What systemd does before it starts a command: here in a mount namespace of the command's own. */
const SANDBOX = `
mount -t tmpfs -o mode=0755 none /opt && mkdir /opt/dproxy && mount --bind "$CHECKOUT" /opt/dproxy &&
mount -o remount,bind,ro /opt/dproxy && cd /opt/dproxy && exec setpriv ${DROP} /bin/sh -c "exec $COMMAND"`;

export class ServiceUnit implements AsyncDisposable {
  readonly port: number;
  readonly #unit: string;
  readonly #folder: TempFolder;
  readonly #env: Readonly<Record<string, string>>;
  #main: ChildProcess | undefined;
  #output = '';

  private constructor(unit: string, folder: TempFolder, ports: readonly number[]) {
    const [http = 0, https = 0, api = 0] = ports;
    this.port = http;
    this.#unit = unit;
    this.#folder = folder;
    this.#env = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: join(folder.path, 'state'),
      DOCKER_PROXY_STATE_PATH: join(folder.path, 'state'),
      DOCKER_PROXY_PORT: String(http),
      DOCKER_PROXY_SSL_PORT: String(https),
      DOCKER_PROXY_API_PORT: String(api),
      DOCKER_PROXY_WORKER_LIMIT: '2',
      DOCKER_HOST: `unix://${folder.path}/no-engine.sock`,
    };
  }

  static async prepare(): Promise<ServiceUnit> {
    const folder = await tempFolder('dp-');
    await chmod(folder.path, 0o755);
    await mkdir(join(folder.path, 'state'), { mode: 0o700 });
    await chown(join(folder.path, 'state'), UID, UID);
    const ports = [await privilegedPort(), await freePort(), await freePort()];
    return new ServiceUnit(await readFile(UNIT, 'utf8'), folder, ports);
  }

  get output(): string {
    return this.#output;
  }

  get mainPid(): number {
    return this.#main?.pid ?? 0;
  }

  /** ExecStart; resolves when the banner is there. */
  async start(): Promise<void> {
    this.#output = '';
    const [command = ''] = valuesOf(this.#unit, 'ExecStart');
    const main = this.#run(command, {});
    this.#main = main;
    await eventually(
      () => {
        if (main.exitCode !== null) throw new Error('it ended');
        return this.#output.includes('\n  try ');
      },
      { deadlineMs: 90_000, what: 'a banner' },
    ).catch((error: unknown) => {
      throw new Error(`the unit did not start:\n${this.#output}`, { cause: error });
    });
  }

  /** KillMode=process: the signal goes to the main process alone. */
  async signalMain(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.#main === undefined || this.#main.exitCode !== null || this.#main.signalCode !== null) return null;
    const ended = once(this.#main, 'exit') as Promise<[number | null]>;
    this.#main.kill(signal);
    return (await ended)[0];
  }

  /** ExecStopPost, with what systemd says of the end of the main process. */
  async stopPost(result: 'success' | 'timeout' | 'signal'): Promise<number> {
    const [command = ''] = valuesOf(this.#unit, 'ExecStopPost');
    const [code] = (await once(this.#run(command, { SERVICE_RESULT: result }), 'exit')) as [number];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signalMain('SIGTERM');
    await this.stopPost('success');
    await this.#folder.remove();
  }

  #run(command: string, env: Readonly<Record<string, string>>): ChildProcess {
    const script = ['--mount', '--propagation', 'private', '/bin/sh', '-c', SANDBOX];
    const child = spawn('unshare', script, {
      env: { ...this.#env, ...env, CHECKOUT: ROOT, COMMAND: command },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    return child;
  }
}

/** A free port that only a capability opens. */
async function privilegedPort(): Promise<number> {
  for (let port = 600; port < 1_024; port += 1) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error('no port between 600 and 1023 is free');
}
