import type { CertificateMaterial, CertificateRef } from '@dproxy/core';
import type { CertificateSet } from '../local-certificates.ts';
import type { StoredCertificate } from '../ports.ts';
import { type CertificateIndex, parentWildcard } from './certificate-index.ts';

/** An expired certificate is better than none for a clock that is wrong, but not for ever. */
const KEEP_EXPIRED_MS = 7 * 86_400_000;

/**
 * What workers get: for each name the one certificate that serves it best. A wildcard that is better than a name's own
 * takes its place; a certificate that serves no name stays in the store. Certificates of names that nobody routes are
 * given, too: they are there the moment the container is back, and an unrouted name is refused before any is looked at.
 */
export function servedSet(certificates: CertificateIndex, nowMs: number): CertificateSet {
  const byId = new Map<string, { readonly certificate: StoredCertificate; readonly names: string[] }>();
  for (const name of certificates.names()) {
    const best = bestOf(certificates.covering([name]), nowMs);
    if (best === undefined || !isItsOwn(best, name)) continue;
    const entry = byId.get(best.id) ?? { certificate: best, names: [] };
    entry.names.push(name);
    byId.set(best.id, entry);
  }
  const refs: CertificateRef[] = [];
  const material = new Map<string, CertificateMaterial>();
  for (const [id, { certificate, names }] of byId) {
    refs.push({ id, names: names.sort(), kind: 'acme' });
    material.set(id, { id, certificatePem: certificate.certificatePem, keyPem: certificate.keyPem });
  }
  refs.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { refs, material };
}

/** Served by the wildcard of another certificate: the name needs no entry of its own. */
function isItsOwn(certificate: StoredCertificate, name: string): boolean {
  return certificate.names.includes(name) || !certificate.names.includes(parentWildcard(name) ?? '');
}

/**
 * One that is valid now, before one that will be (the authority's clock is ahead of ours, or of the clients'), before one
 * that was. Of equals the newest.
 */
function bestOf(newestFirst: readonly StoredCertificate[], nowMs: number): StoredCertificate | undefined {
  const usable = newestFirst.filter(({ notAfterMs }) => notAfterMs + KEEP_EXPIRED_MS > nowMs);
  return (
    usable.find(({ notBeforeMs, notAfterMs }) => notBeforeMs <= nowMs && notAfterMs > nowMs) ??
    usable.find(({ notAfterMs }) => notAfterMs > nowMs) ??
    usable[0]
  );
}
