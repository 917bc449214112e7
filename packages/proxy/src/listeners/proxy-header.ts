import { isIP } from 'node:net';
import { ProxyError } from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';

/** What a PROXY protocol header says. `endpoints` is undefined for LOCAL and UNKNOWN: then the connection's own count. */
export interface ProxyHeader {
  readonly endpoints: Endpoints | undefined;
  readonly byteLength: number;
}

const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_START = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
/** Section 2.1 of the specification: no v1 header is longer. */
const MAX_V1_BYTES = 107;
const V2_FIXED_BYTES = 16;
/** Addresses and a few extensions; the format would allow 64 KiB that somebody has to wait for. */
const MAX_V2_BODY_BYTES = 2_048;
const V1 =
  /^PROXY (?:TCP4 ([0-9.]{7,15}) ([0-9.]{7,15})|TCP6 ([0-9a-fA-F:.]{2,39}) ([0-9a-fA-F:.]{2,39})) ([0-9]{1,5}) ([0-9]{1,5})$/;

/**
 * Reads the header that a trusted load balancer puts in front of a connection (PROXY protocol, versions 1 and 2).
 *
 * @returns undefined when more bytes are needed
 * @throws ProxyError `proxy-header-invalid`
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (startsLike(bytes, V2_START)) return bytes.length < V2_FIXED_BYTES ? undefined : parseV2(bytes);
  if (startsLike(bytes, V1_START)) return parseV1(bytes);
  throw invalid('it begins with something else');
}

/** As far as there are bytes to compare. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf('\r\n');
  if (end === -1) {
    if (bytes.length >= MAX_V1_BYTES) throw invalid('version 1 is too long');
    return undefined;
  }
  const line = bytes.toString('latin1', 0, end);
  const byteLength = end + 2;
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { endpoints: undefined, byteLength };
  const match = V1.exec(line);
  const isV4 = match?.[1] !== undefined;
  const remoteAddress = match?.[1] ?? match?.[3] ?? '';
  const localAddress = match?.[2] ?? match?.[4] ?? '';
  const family = isV4 ? 4 : 6;
  const remotePort = Number(match?.[5]);
  const localPort = Number(match?.[6]);
  const arePorts = remotePort <= 65_535 && localPort <= 65_535;
  if (isIP(remoteAddress) !== family || isIP(localAddress) !== family || !arePorts) {
    throw invalid('version 1 is malformed');
  }
  return { endpoints: { remoteAddress, remotePort, localAddress, localPort }, byteLength };
}

function parseV2(bytes: Buffer): ProxyHeader | undefined {
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const bodyBytes = bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) throw invalid('version 2 has an unknown command');
  if (bodyBytes > MAX_V2_BODY_BYTES) throw invalid('version 2 is too long');
  const byteLength = V2_FIXED_BYTES + bodyBytes;
  if (bytes.length < byteLength) return undefined;
  if (command === 0x20) return { endpoints: undefined, byteLength };
  const body = bytes.subarray(V2_FIXED_BYTES, byteLength);
  if (family === 0x11 && body.length >= 12) return { endpoints: addresses(body, 4, ipv4), byteLength };
  if (family === 0x21 && body.length >= 36) return { endpoints: addresses(body, 16, ipv6), byteLength };
  throw invalid('version 2 is for no TCP connection');
}

function addresses(body: Buffer, length: number, write: (bytes: Buffer) => string): Endpoints {
  return {
    remoteAddress: write(body.subarray(0, length)),
    remotePort: body.readUInt16BE(2 * length),
    localAddress: write(body.subarray(length, 2 * length)),
    localPort: body.readUInt16BE(2 * length + 2),
  };
}

function ipv4(bytes: Buffer): string {
  return bytes.join('.');
}

function ipv6(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(2 * group).toString(16)).join(':');
}

function invalid(detail: string): ProxyError {
  return new ProxyError('proxy-header-invalid', detail);
}
