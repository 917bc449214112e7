import { isIP } from 'node:net';
import type { AcmeChallengeType } from '@dproxy/config';
import { canonicalAddress, parseAddress } from '@dproxy/core';

/** RFC 8555 section 9.7.7, RFC 8738 section 3. */
export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** The identifiers of an order, without doubles. */
export function identifiersOf(names: readonly string[]): readonly Identifier[] {
  return [...new Set(names.map(canonicalName))].map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
}

/** Addresses in the spelling of RFC 5952, as RFC 8738 wants them. */
export function canonicalName(name: string): string {
  return canonicalAddress(name, { keepMapped: true }) ?? name.toLowerCase();
}

/** RFC 8555 section 8.4 (only DNS proves a wildcard), RFC 8738 section 7 (nothing in DNS proves an address). */
export function challengesFor(name: string, wanted: readonly AcmeChallengeType[]): readonly AcmeChallengeType[] {
  if (name.startsWith('*.')) return wanted.filter((type) => type === 'dns-01');
  return isIP(name) === 0 ? wanted : wanted.filter((type) => type !== 'dns-01');
}

/** The SNI of a tls-alpn-01 check. RFC 8738 section 6: for an address its name in the reverse tree. */
export function challengeServerName(name: string): string {
  if (isIP(name) === 0) return name;
  const bytes = parseAddress(name)?.toByteArray() ?? [];
  if (bytes.length === 4) return `${bytes.reverse().join('.')}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte >> 4, byte & 15]).reverse();
  return `${nibbles.map((nibble) => nibble.toString(16)).join('.')}.ip6.arpa`;
}
