import { isIP } from 'node:net';
import type { Backend, BackendProtocol } from '@dproxy/core';
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

/** One of several that share the traffic of an entry. */
export interface Target {
  readonly upstream: Upstream;
  readonly weight: number;
  readonly proxyProtocol: Backend['proxyProtocol'];
}

interface TargetOptions {
  readonly weight?: number | undefined;
  readonly proxyProtocol?: 'v1' | 'v2' | undefined;
}

export function targetOf(upstream: Upstream, { weight, proxyProtocol }: TargetOptions): Target {
  return { upstream, weight: weight ?? 1, proxyProtocol: proxyProtocol ?? '' };
}

const SCHEME = /^([a-z][a-z0-9+.-]{0,15}):\/\//i;

/** What `to:` may begin with. gRPC is HTTP/2, so its words are other names for that. */
const HTTP_SCHEMES: ReadonlyMap<string, BackendProtocol> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['h2c', 'h2c'],
  ['grpc', 'h2c'],
  ['h2', 'h2'],
  ['grpcs', 'h2'],
]);

/** `http://host[:port]`, `https://`, `h2c://`, `h2://`, or `host:port`. */
export function readHttpUpstream(raw: string): Read<Upstream> {
  const scheme = SCHEME.exec(raw)?.[1]?.toLowerCase() ?? 'http';
  const protocol = HTTP_SCHEMES.get(scheme);
  if (protocol === undefined) {
    return { problem: `${scheme}: is no scheme for a backend; there are ${[...HTTP_SCHEMES.keys()].join(', ')}` };
  }
  const authority = readAuthority(raw.replace(SCHEME, ''));
  if ('problem' in authority) return authority;
  const port = isEncrypted(protocol) ? 443 : 80;
  return readUpstream(protocol, /:\d+$/.test(authority.value) ? authority.value : `${authority.value}:${port}`);
}

/** Whether there is a certificate to verify. */
export function isEncrypted(protocol: BackendProtocol): boolean {
  return protocol === 'https' || protocol === 'h2';
}

/** `host:port` or `tcp://host:port`. */
export function readTcpUpstream(raw: string): Read<Upstream> {
  return readPlainUpstream(raw, 'tcp');
}

/** `host:port` or `udp://host:port`. */
export function readUdpUpstream(raw: string): Read<Upstream> {
  return readPlainUpstream(raw, 'udp');
}

function readPlainUpstream(raw: string, protocol: 'tcp' | 'udp'): Read<Upstream> {
  const scheme = SCHEME.exec(raw)?.[1]?.toLowerCase() ?? protocol;
  if (scheme !== protocol) {
    return { problem: `${scheme}: is no scheme for a ${protocol.toUpperCase()} backend; there is ${protocol}` };
  }
  const authority = readAuthority(raw.replace(SCHEME, ''));
  return 'problem' in authority ? authority : readUpstream(protocol, authority.value);
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
