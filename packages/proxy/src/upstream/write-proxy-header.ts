import { type Backend, parseAddress, type ParsedAddress } from '@dproxy/core';
import type { Endpoints } from '../client/endpoints.ts';

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] as const;
const VERSION_2_LOCAL = 0x20;
const VERSION_2_PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

interface Ends {
  readonly isIpv4: boolean;
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/**
 * The PROXY protocol header with which a connection to a backend begins (sections 2.1 and 2.2 of its specification).
 *
 * @param client undefined, or with an address that is none: `UNKNOWN` or `LOCAL`, so that the backend takes dproxy for the client
 * @returns undefined for a backend that expects none
 */
export function proxyHeaderFor({ proxyProtocol }: Backend, client: Endpoints | undefined): Buffer | undefined {
  if (proxyProtocol === '') return undefined;
  const ends = client === undefined ? undefined : endsOf(client);
  return proxyProtocol === 'v1' ? Buffer.from(version1(ends), 'latin1') : version2(ends);
}

/** One header has one family: when only one end is IPv4, it is written as a mapped address (RFC 4291 section 2.5.5.2). */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Endpoints): Ends | undefined {
  const source = parseAddress(remoteAddress);
  const destination = parseAddress(localAddress);
  if (source === undefined || destination === undefined) return undefined;
  const isIpv4 = source.kind() === 'ipv4' && destination.kind() === 'ipv4';
  return {
    isIpv4,
    source: isIpv4 ? source.toByteArray() : ipv6Bytes(source),
    destination: isIpv4 ? destination.toByteArray() : ipv6Bytes(destination),
    sourcePort: remotePort,
    destinationPort: localPort,
  };
}

function ipv6Bytes(address: ParsedAddress): number[] {
  return 'toIPv4MappedAddress' in address ? address.toIPv4MappedAddress().toByteArray() : address.toByteArray();
}

function version1(ends: Ends | undefined): string {
  if (ends === undefined) return 'PROXY UNKNOWN\r\n';
  const { isIpv4, source, destination, sourcePort, destinationPort } = ends;
  const write = isIpv4 ? (bytes: readonly number[]) => bytes.join('.') : ipv6Text;
  const family = isIpv4 ? 'TCP4' : 'TCP6';
  return `PROXY ${family} ${write(source)} ${write(destination)} ${sourcePort} ${destinationPort}\r\n`;
}

/** Eight groups: section 2.1 has no dotted tail, not even for mapped addresses. */
function ipv6Text(bytes: readonly number[]): string {
  const octets = Buffer.from(bytes);
  return Array.from({ length: 8 }, (_, group) => octets.readUInt16BE(2 * group).toString(16)).join(':');
}

function version2(ends: Ends | undefined): Buffer {
  if (ends === undefined) return Buffer.from([...SIGNATURE, VERSION_2_LOCAL, UNSPECIFIED, 0, 0]);
  const { isIpv4, source, destination, sourcePort, destinationPort } = ends;
  const family = isIpv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
  const ports = [sourcePort >> 8, sourcePort & 0xff, destinationPort >> 8, destinationPort & 0xff];
  const body = [...source, ...destination, ...ports];
  return Buffer.from([...SIGNATURE, VERSION_2_PROXY, family, 0, body.length, ...body]);
}
