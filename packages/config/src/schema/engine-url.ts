import type { Read } from './field.ts';
import { readEndpoint } from './network.ts';

/** What the URL of an engine says by itself. */
export interface EngineUrl {
  /** The URL, with its scheme. */
  readonly name: string;
  readonly socketPath: string;
  readonly host: string;
  readonly port: number;
  /** `https://` was written. */
  readonly isHttps: boolean;
}

const URL_PARTS = /^([a-z]{2,8}):\/\/(.*)$/i;

/** The forms of DOCKER_HOST: `unix:///path`, `tcp://host[:port]`, `http(s)://host[:port]`, `host:port`. */
export function readEngineUrl(raw: string): Read<EngineUrl> {
  const [, written = 'tcp', rest = raw] = URL_PARTS.exec(raw) ?? [];
  const scheme = written.toLowerCase();
  switch (scheme) {
    case 'unix':
      return readSocket(rest);
    case 'tcp':
    case 'http':
    case 'https':
      return readTcp(scheme, rest);
    case 'ssh':
      return {
        problem: 'ssh:// is not supported; forward the socket: ssh -L /path/docker.sock:/var/run/docker.sock host',
      };
    case 'npipe':
      return { problem: 'npipe:// is for Windows' };
    default:
      return { problem: `${scheme}:// is no scheme of an engine` };
  }
}

/** The socket at `path`, as if its URL had been written. */
export function readSocket(path: string): Read<EngineUrl> {
  if (!path.startsWith('/')) return { problem: 'the path of a socket is absolute: unix:///var/run/docker.sock' };
  // sun_path of sockaddr_un holds 108 bytes on Linux with its NUL; connect(2) would say only "invalid argument".
  if (Buffer.byteLength(path) > 107) return { problem: 'the path of a socket has at most 107 bytes' };
  return { value: { name: `unix://${path}`, socketPath: path, host: '', port: 0, isHttps: false } };
}

function readTcp(scheme: 'tcp' | 'http' | 'https', rest: string): Read<EngineUrl> {
  const authority = rest.replace(/\/$/, '');
  if (/[/?#@]/.test(authority)) return { problem: 'no path, query or user name belongs here' };
  const isHttps = scheme === 'https';
  const hasPort = /(?:^[^:]*|\]):\d+$/.test(authority);
  const endpoint = readEndpoint(hasPort ? authority : `${authority}:${isHttps ? 2376 : 2375}`);
  if ('problem' in endpoint) return endpoint;
  const { host, port } = endpoint.value;
  if (host === '' || port === 0) return { problem: host === '' ? 'no host' : 'port 0 cannot be connected to' };
  const shown = host.includes(':') ? `[${host}]` : host;
  return { value: { name: `${scheme}://${shown}:${port}`, socketPath: '', host, port, isHttps } };
}
