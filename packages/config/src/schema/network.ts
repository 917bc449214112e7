import { isIP, isIPv6 } from 'node:net';
import { canonicalAddress } from '@dproxy/core';
import { field, oneOrMore, readable, type Read, words } from './field.ts';

/** `host` is empty where only a port was given. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const BRACKETED = /^\[([0-9A-Fa-f:.]{2,45})\]:(\d{1,5})$/;
const PLAIN = /^([^\s:[\]/@]{0,253}):(\d{1,5})$/;

/** `host:port`, `[v6]:port` or `:port`. The host is not checked further. */
export function readEndpoint(raw: string): Read<Endpoint> {
  const parts = BRACKETED.exec(raw) ?? PLAIN.exec(raw);
  if (parts === null) return { problem: isIPv6(raw) ? 'an IPv6 address with a port needs brackets' : 'no host:port' };
  const [, host = '', digits = ''] = parts;
  const port = Number(digits);
  if (port > 65_535) return { problem: `port ${port} is beyond 65535` };
  if (raw.startsWith('[') && !isIPv6(host)) return { problem: `${host} is no IPv6 address` };
  return { value: { host: host.toLowerCase(), port } };
}

/** A place to listen at: a port, or an address of this machine with a port. */
export function readListenAddress(raw: string): Read<Endpoint> {
  if (/^\d{1,5}$/.test(raw)) return readEndpoint(`:${raw}`);
  const result = readEndpoint(raw);
  if ('problem' in result) return result;
  const { host, port } = result.value;
  if (host === '' || host === '*') return { value: { host: '', port } };
  if (host === 'localhost') return { value: { host: '127.0.0.1', port } };
  if (isIP(host) === 0) return { problem: `${host} is a name, sockets are bound to addresses` };
  return { value: { host: canonicalAddress(host) ?? host, port } };
}

/** An address block, in its one spelling; a bare address is the block of it alone. */
export function readCidr(raw: string): Read<string> {
  const slash = raw.indexOf('/');
  const address = slash < 0 ? raw : raw.slice(0, slash);
  const family = isIP(address);
  if (family === 0) return { problem: `${address} is no address` };
  const bits = family === 6 ? 128 : 32;
  const prefix = slash < 0 ? String(bits) : raw.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return { problem: `/${prefix} is no prefix length` };
  return { value: `${canonicalAddress(address, { keepMapped: true }) ?? address}/${Number(prefix)}` };
}

/** A list of address blocks. */
export function cidrs() {
  const expected = 'an address block such as 10.0.0.0/8 or 2001:db8::/32, or an address';
  return oneOrMore(readable(expected, readCidr), expected);
}

/** Towards one backend, under `to`. */
export function proxyProtocolVersion() {
  return field(words(['v1', 'v2']), {
    meaning:
      'Version of the PROXY protocol header that each connection to it begins with, so that it learns the address of the client',
    default: 'none',
    danger: 'a backend that does not expect the header takes it for a broken request; requests share no connections',
  });
}
