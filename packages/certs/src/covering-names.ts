import type { CertificateRef } from '@dproxy/core';

/**
 * Whether one name of a certificate stands for a host (RFC 9525 section 6.3): equal, or a wildcard in place of exactly
 * the leftmost label. A wildcard host (a route for `*.example.com`) is stood for only by the same wildcard.
 */
export function isNameCovering(name: string, host: string): boolean {
  if (name === host) return true;
  if (!name.startsWith('*.') || host.startsWith('*.')) return false;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === name.slice(1);
}

/** The names of a certificate that stand for `host` (lower case, no port, no trailing dot), the exact one first. */
export function coveringNames(ref: CertificateRef, host: string): readonly string[] {
  return ref.names
    .filter((name) => isNameCovering(name, host))
    .toSorted((a, b) => Number(b === host) - Number(a === host));
}
