import { spawn, type ChildProcess } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { tempFolder, type TempFolder } from '../temp-folder.ts';

export interface BindKey {
  readonly name: string;
  readonly algorithm: string;
  /** Base64. */
  readonly secret: string;
}

export interface BindZone {
  readonly name: string;
  /** Lines of its `update-policy`; empty: it takes no updates. */
  readonly policy: string;
  /** More lines of its zone file. */
  readonly records?: string;
}

/** BIND's named as an ordinary child process in a folder of its own, on a port of its own on 127.0.0.1. */
export class BindServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: TempFolder;

  private constructor(port: number, child: ChildProcess, folder: TempFolder) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  static async start(options: {
    readonly keys: readonly BindKey[];
    readonly zones: readonly BindZone[];
  }): Promise<BindServer> {
    const folder = await tempFolder('dproxy-bind-');
    // named may give up root: it must still write its journals.
    await chmod(folder.path, 0o777);
    const port = await freePort();
    await writeFile(join(folder.path, 'named.conf'), configuration({ ...options, port, folder: folder.path }));
    await Promise.all(options.zones.map((zone) => writeFile(join(folder.path, `${zone.name}.zone`), zoneText(zone))));
    const output: string[] = [];
    const child = spawn('/usr/sbin/named', ['-g', '-c', join(folder.path, 'named.conf'), '-n', '1'], {
      cwd: folder.path,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
    const server = new BindServer(port, child, folder);
    try {
      await eventually(
        () => {
          if (child.exitCode !== null) throw new Error(`named ended: ${output.join('')}`);
          return /^\S+ \S+ running$/m.test(output.join(''));
        },
        { what: 'named' },
      );
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** What it answers, sorted; empty: there is none. */
  async txtOf(name: string): Promise<readonly string[]> {
    const resolver = new Resolver();
    resolver.setServers([this.address]);
    try {
      return (await resolver.resolveTxt(name)).map((strings) => strings.join('')).toSorted();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await gone;
    }
    await this.#folder.remove();
  }
}

function configuration(options: {
  readonly keys: readonly BindKey[];
  readonly zones: readonly BindZone[];
  readonly port: number;
  readonly folder: string;
}): string {
  const keys = options.keys.map(
    ({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`,
  );
  const zones = options.zones.map(
    ({ name, policy }) =>
      `zone "${name}" { type primary; file "${name}.zone"; ${policy === '' ? '' : `update-policy { ${policy} };`} };`,
  );
  return `options {
  directory "${options.folder}";
  pid-file "named.pid";
  session-keyfile "session.key";
  listen-on port ${options.port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
};
controls { };
${[...keys, ...zones].join('\n')}
`;
}

/** The zone names itself as its server: one address, the one on loopback. */
function zoneText({ name, records = '' }: BindZone): string {
  return `$TTL 60
@ IN SOA ns.${name}. admin.${name}. 1 3600 600 86400 60
@ IN NS ns.${name}.
ns IN A 127.0.0.1
${records}
`;
}
