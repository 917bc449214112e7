import { isIPv4, isIPv6 } from 'node:net';

const MAPPED = /^::ffff:(?=\d+\.)/i;

/** `::ffff:192.0.2.1` is how a dual-stack socket shows an IPv4 peer. */
export function unmapAddress(address: string): string {
  return address.replace(MAPPED, '');
}

/** An IP address of this machine that nothing outside can reach: 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(address: string): boolean {
  const plain = unmapAddress(address);
  return isIPv4(plain) ? plain.startsWith('127.') : isIPv6(plain) && plain === '::1';
}

const AUTHORITY = /^(localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i;

/**
 * Whether a `Host` names loopback at this port. Only literal addresses and `localhost` count: any other name may be one
 * that an attacker lets resolve to 127.0.0.1 (DNS rebinding). Without a port it means port 80 (RFC 9110 section 4.2.1).
 */
export function isLoopbackAuthority(authority: string, port: number): boolean {
  const match = AUTHORITY.exec(authority);
  if (match === null) return false;
  const [, host = '', stated = '80'] = match;
  if (Number(stated) !== port) return false;
  return host.toLowerCase() === 'localhost' || isLoopbackAddress(host.replace(/^\[|\]$/g, ''));
}
