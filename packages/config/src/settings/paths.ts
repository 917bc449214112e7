import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Facts } from './facts.ts';
import type { Environment } from './inputs.ts';
import type { Paths } from './settings.ts';

/** sun_path holds 108 bytes on Linux and 104 on macOS; PM2 and Node add nothing to ours. */
const MAX_SOCKET_BYTES = 100;
const SYSTEM_STATE = '/var/lib/docker-proxy';
const SYSTEM_RUNTIME = '/var/run/docker-proxy';

interface NamedPaths {
  readonly state: string | undefined;
  readonly pid: string | undefined;
  readonly ssl: string | undefined;
  readonly pm2Home: string | undefined;
}

/** Where files go (contract: "Environment"). Two instances with different state paths share none of them. */
export function choosePaths(named: NamedPaths, env: Environment, facts: Facts): Paths {
  const state = named.state ?? (facts.isRoot ? SYSTEM_STATE : join(xdgState(env, facts), 'docker-proxy'));
  const pidFolder = state === SYSTEM_STATE ? SYSTEM_RUNTIME : join(state, 'run');
  return {
    state,
    ipcSocket: chooseSocket(state, env, facts),
    lock: join(state, 'lock'),
    apiToken: join(state, 'api.token'),
    pid: named.pid ?? join(pidFolder, 'docker-proxy.pid'),
    ssl: named.ssl ?? '',
    pm2Home: named.pm2Home ?? '',
  };
}

/** The XDG specification has relative values ignored. */
function xdgState(env: Environment, { homedir }: Facts): string {
  const named = env['XDG_STATE_HOME'] ?? '';
  return named.startsWith('/') ? named : join(homedir, '.local/state');
}

function chooseSocket(state: string, env: Environment, facts: Facts): string {
  const inState = join(state, 'run/dproxy.sock');
  if (Buffer.byteLength(inState) <= MAX_SOCKET_BYTES) return inState;
  const name = `${createHash('sha256').update(state).digest('hex').slice(0, 16)}.sock`;
  const short = runtimeFolders(env, facts).map((folder) => join(folder, name));
  return short.find((path) => Buffer.byteLength(path) <= MAX_SOCKET_BYTES) ?? join('/tmp', `dproxy-${facts.uid}`, name);
}

/** Only this user can write there, once the folder is made with mode 0700. */
function runtimeFolders(env: Environment, { isRoot, uid, tempFolder }: Facts): string[] {
  if (isRoot) return [SYSTEM_RUNTIME];
  const runtime = env['XDG_RUNTIME_DIR'] ?? '';
  return [...(runtime.startsWith('/') ? [join(runtime, 'dproxy')] : []), join(tempFolder, `dproxy-${uid}`)];
}
