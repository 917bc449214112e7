import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A server of the benchmark. `pid` is the process whose CPU time counts. */
export interface Running {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** The core that load and backend share; the proxy has core 0 alone. */
export const OTHER_CORE = '1';

/** nginx with fixed answers, far faster than any proxy in front of it. */
export async function startOrigin(folder: string): Promise<Running> {
  const port = await freePort();
  mkdirSync(join(folder, 'www'));
  writeFileSync(join(folder, 'www', 'small'), 'x'.repeat(100));
  writeFileSync(join(folder, 'www', '64k'), 'x'.repeat(65_536));
  const config = `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; pid ${folder}/origin.pid; error_log /dev/null crit;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 60; sendfile on; tcp_nodelay on;
  open_file_cache max=16; server { listen 127.0.0.1:${port}; root ${folder}/www; } }`;
  writeFileSync(join(folder, 'origin.conf'), config);
  return await startProgram({
    core: OTHER_CORE,
    command: ['/usr/sbin/nginx', '-p', folder, '-c', join(folder, 'origin.conf')],
    port,
    child: true,
  });
}

interface Program {
  readonly core: string;
  readonly command: readonly string[];
  readonly port: number;
  /** The work is done by the program's only child (nginx's worker). */
  readonly child: boolean;
}

/** Starts it on one core and resolves when it accepts. */
export async function startProgram({ core, command, port, child }: Program): Promise<Running> {
  const process = spawn('taskset', ['-c', core, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  process.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  await accepting(port, process).catch((cause: unknown) => {
    throw new Error(`${command.join(' ')} did not start:\n${said}`, { cause });
  });
  const pid = child ? onlyChild(process.pid ?? 0) : (process.pid ?? 0);
  return { pid, port, stop: () => stop(process) };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function accepting(port: number, process: Pick<ChildProcess, 'exitCode' | 'spawnargs'>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (process.exitCode !== null) throw new Error(`${process.spawnargs.join(' ')} ended with ${process.exitCode}`);
    // oxlint-disable no-await-in-loop -- polling
    if (await canConnect(port)) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    // oxlint-enable no-await-in-loop
  }
  throw new Error(`${process.spawnargs.join(' ')} does not accept on ${port}`);
}

async function canConnect(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function onlyChild(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  return Number(children[0]);
}

async function stop(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill('SIGTERM');
  const force = setTimeout(() => process.kill('SIGKILL'), 3_000);
  await new Promise((resolve) => process.once('exit', resolve));
  clearTimeout(force);
}
