import { isIP } from 'node:net';
import type { BackendProtocol } from '@dproxy/core';
import { canonicalHost, refusedAddress } from '@dproxy/core';
import { readEndpoint } from './network.ts';
import type { Read } from './field.ts';

/** Where a file entry sends its traffic. */
export interface Upstream {
  readonly protocol: BackendProtocol;
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

const SCHEME = /^([a-z][a-z0-9+.-]{0,15}):\/\//i;

/** `http://host[:port]`, `https://host[:port]` or `host:port`. */
export function readHttpUpstream(raw: string): Read<Upstream> {
  const scheme = SCHEME.exec(raw)?.[1]?.toLowerCase() ?? 'http';
  if (scheme !== 'http' && scheme !== 'https') return { problem: `${scheme}: is no scheme for a backend` };
  const authority = readAuthority(raw.replace(SCHEME, ''));
  if ('problem' in authority) return authority;
  return readUpstream(
    scheme,
    /:\d+$/.test(authority.value) ? authority.value : `${authority.value}:${scheme === 'https' ? 443 : 80}`,
  );
}

/** `host:port` or `tcp://host:port`. */
export function readTcpUpstream(raw: string): Read<Upstream> {
  const scheme = SCHEME.exec(raw)?.[1]?.toLowerCase() ?? 'tcp';
  if (scheme !== 'tcp') return { problem: `${scheme}: is no scheme for a TCP backend` };
  const authority = readAuthority(raw.replace(SCHEME, ''));
  return 'problem' in authority ? authority : readUpstream('tcp', authority.value);
}

/** Spelled again, as the identity of a backend. */
export function formatUpstream({ protocol, address, port }: Upstream): string {
  return `${protocol}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

function readAuthority(rest: string): Read<string> {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  if (authority.includes('@')) return { problem: 'a URL with a user name' };
  if (end >= 0 && rest.slice(end) !== '/')
    return { problem: 'a URL with a path; the path of the request goes on unchanged' };
  return { value: authority };
}

function readUpstream(protocol: BackendProtocol, authority: string): Read<Upstream> {
  const endpoint = readEndpoint(authority);
  if ('problem' in endpoint) return endpoint;
  const { host, port } = endpoint.value;
  if (port === 0) return { problem: 'port 0 cannot be connected to' };
  const name = canonicalHost(host.includes(':') ? `[${host}]` : host);
  if (name === undefined || name.startsWith('*')) return { problem: `"${host}" is neither a name nor an address` };
  const address = name.startsWith('[') ? name.slice(1, -1) : name;
  const reason = refusedAddress(address, port, []);
  if (reason !== undefined) return { problem: `${address} is refused: ${reason}` };
  return { value: { protocol, address, port } };
}
