import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import { makeEngineCertificates } from './client-certificates.ts';
import { makeEngineNetwork, removeEngineNetwork, type EngineNetwork } from './engine-network.ts';
import { EngineProcess } from './engine-process.ts';
import { runCommand } from '../run-command.ts';
import { thawContainers } from './thaw.ts';
import { unmountBelow } from './unmount.ts';

export interface EngineOptions {
  /** Beside the unix socket: nothing, plain TCP or TCP with client certificates, on a free port of 127.0.0.1. */
  readonly tcp?: 'none' | 'plain' | 'tls';
  /** True (default): containers outlive a `kill()` of the engine, as under `live-restore`. */
  readonly keepsContainers?: boolean;
}

/** What a test needs to make containers: an engine of its own, or the one that all test files share. */
export interface EngineAccess {
  readonly socketPath: string;
  /** The docker command line against this engine; gives stdout without the last line break. */
  docker(...args: string[]): Promise<string>;
}

/** A real Docker engine of the test's own: its socket, data, bridge and containerd live in one temporary folder. */
export interface Engine extends EngineAccess {
  /** 0 without TCP. */
  readonly tcpPort: number;
  /** Folder with `ca.pem`, `cert.pem` and `key.pem`, as DOCKER_CERT_PATH names it; empty without TLS. */
  readonly certPath: string;
  readonly bridge: string;
  /** Ends dockerd with SIGKILL, as a crash does; containerd lives on. */
  kill(): Promise<void>;
  /** Ends dockerd with SIGTERM, as `systemctl stop docker` does: without `keepsContainers` it stops them all first. */
  shutDown(): Promise<void>;
  /** Starts dockerd again after `kill()` or `shutDown()`. */
  restart(): Promise<void>;
  /** Ends pauses, removes the containers, ends both programs, unmounts and removes the folder. Idempotent. */
  stop(): Promise<void>;
}

/** @throws Error with the end of dockerd's log when the engine does not come up */
export async function startEngine({ tcp = 'none', keepsContainers = true }: EngineOptions = {}): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'dproxy-engine-'));
  const certPath = join(folder, 'certificates');
  await mkdir(certPath);
  if (tcp === 'tls') await makeEngineCertificates(certPath);
  const tcpPort = tcp === 'none' ? 0 : await freePort();
  const network = await makeEngineNetwork();
  const containerdConfig = join(folder, 'containerd.toml');
  await writeFile(containerdConfig, containerdToml(folder));
  const containerd = new EngineProcess('containerd', ['--config', containerdConfig], join(folder, 'containerd.log'));
  const flags = dockerdFlags({ folder, network, keepsContainers, tcp, tcpPort, certPath });
  const socketPath = join(folder, 'docker.sock');
  const startDockerd = () => new EngineProcess('dockerd', flags, join(folder, 'dockerd.log'));
  const engine = new LocalEngine({ folder, network, socketPath, containerd, startDockerd });
  try {
    await engine.restart();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return Object.assign(engine, { tcpPort, certPath: tcp === 'tls' ? certPath : '' });
}

interface Parts {
  readonly folder: string;
  readonly network: EngineNetwork;
  readonly socketPath: string;
  readonly containerd: EngineProcess;
  readonly startDockerd: () => EngineProcess;
}

class LocalEngine {
  readonly socketPath: string;
  readonly bridge: string;
  readonly #parts: Parts;
  #dockerd: EngineProcess | undefined;
  #isStopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.socketPath = parts.socketPath;
    this.bridge = parts.network.bridge;
  }

  async docker(...args: string[]): Promise<string> {
    const output = await runCommand('docker', ['-H', `unix://${this.socketPath}`, ...args]);
    return output.trimEnd();
  }

  async kill(): Promise<void> {
    await this.#dockerd?.end('SIGKILL');
  }

  async shutDown(): Promise<void> {
    await this.#dockerd?.end('SIGTERM', 60_000);
  }

  async restart(): Promise<void> {
    // dockerd refuses to start over the pid file of one that was killed, once its pid belongs to another process.
    await rm(join(this.#parts.folder, 'docker.pid'), { force: true });
    const dockerd = this.#parts.startDockerd();
    this.#dockerd = dockerd;
    try {
      await eventually(() => dockerd.hasEnded || answersPing(this.socketPath), { deadlineMs: 90_000 });
      if (dockerd.hasEnded) throw new Error('dockerd ended');
    } catch (error) {
      const log = await readFile(dockerd.logFile, 'utf8');
      throw new Error(`the test engine did not start:\n${log.slice(-3_000)}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#dockerd?.hasEnded === false) {
      const paused = await this.docker('ps', '-q', '--filter', 'status=paused');
      if (paused !== '') await this.docker('unpause', ...paused.split('\n'));
      const containers = await this.docker('ps', '-aq');
      if (containers !== '') await this.docker('rm', '-f', '-v', ...containers.split('\n'));
    }
    await this.#dockerd?.end('SIGTERM');
    await thawContainers(join(this.#parts.folder, 'data'));
    await this.#parts.containerd.end('SIGTERM');
    await removeEngineNetwork(this.#parts.network);
    await unmountBelow(this.#parts.folder);
    await rm(this.#parts.folder, { recursive: true, force: true });
  }
}

interface DockerdOptions {
  readonly folder: string;
  readonly network: EngineNetwork;
  readonly keepsContainers: boolean;
  readonly tcp: 'none' | 'plain' | 'tls';
  readonly tcpPort: number;
  readonly certPath: string;
}

function dockerdFlags({ folder, network, keepsContainers, tcp, tcpPort, certPath }: DockerdOptions): string[] {
  // Firewall rules and routing belong to the whole network namespace: only one that is ours alone gets them.
  const ownsNamespace = String(process.env['DPROXY_TEST_NAMESPACE'] === 'inside');
  const tls = [
    `--tlscacert=${certPath}/ca.pem`,
    `--tlscert=${certPath}/server.pem`,
    `--tlskey=${certPath}/server-key.pem`,
  ];
  return [
    `--host=unix://${folder}/docker.sock`,
    ...(tcp === 'none' ? [] : [`--host=tcp://127.0.0.1:${tcpPort}`]),
    ...(tcp === 'tls' ? ['--tlsverify', ...tls] : ['--tls=false']),
    `--containerd=${folder}/containerd.sock`,
    `--data-root=${folder}/data`,
    `--exec-root=${folder}/exec`,
    `--pidfile=${folder}/docker.pid`,
    `--bridge=${network.bridge}`,
    `--default-address-pool=base=${network.poolCidr},size=24`,
    `--live-restore=${keepsContainers}`,
    `--iptables=${ownsNamespace}`,
    `--ip-forward=${ownsNamespace}`,
    `--ip-masq=${ownsNamespace}`,
    '--shutdown-timeout=2',
    '--log-driver=json-file',
    '--log-level=warn',
  ];
}

function containerdToml(folder: string): string {
  const unused = [
    'grpc.v1.cri',
    'snapshotter.v1.devmapper',
    'snapshotter.v1.btrfs',
    'snapshotter.v1.zfs',
    'snapshotter.v1.aufs',
  ];
  return `version = 2
root = "${folder}/containerd/root"
state = "${folder}/containerd/state"
disabled_plugins = [${unused.map((name) => `"io.containerd.${name}"`).join(', ')}]
[grpc]
address = "${folder}/containerd.sock"
`;
}

async function answersPing(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
