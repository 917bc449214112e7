import { X509Certificate } from 'node:crypto';
import type { CertificateMaterial, CertificateRef, CertificateView } from '@dproxy/core';

/** What is worth showing of certificates that nobody orders: those of files, and those of the local CA. */
export class CertificateViews {
  /** By id: a certificate never changes, and reading one costs a tenth of a millisecond. */
  readonly #read = new Map<string, Pick<CertificateView, 'issuer' | 'notBeforeMs' | 'notAfterMs'>>();

  describe(
    refs: Iterable<CertificateRef>,
    material: ReadonlyMap<string, CertificateMaterial>,
    nowMs: number,
  ): readonly CertificateView[] {
    const views: CertificateView[] = [];
    const ids = new Set<string>();
    for (const { id, names, kind } of refs) {
      const pem = material.get(id)?.certificatePem;
      if (kind === 'acme' || pem === undefined) continue;
      ids.add(id);
      const facts = this.#facts(id, pem);
      views.push({
        names,
        kind,
        state: facts.notAfterMs < nowMs ? 'expired' : 'valid',
        id,
        ...facts,
        renewMs: 0,
        nextAttemptMs: 0,
        failures: 0,
        problem: '',
        advice: '',
      });
    }
    for (const id of this.#read.keys()) if (!ids.has(id)) this.#read.delete(id);
    return views;
  }

  #facts(id: string, pem: string): Pick<CertificateView, 'issuer' | 'notBeforeMs' | 'notAfterMs'> {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const certificate = new X509Certificate(pem);
    const facts = {
      issuer: nameOf(certificate.issuer),
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    };
    this.#read.set(id, facts);
    return facts;
  }
}

/** The common name, else the organisation, else all of it in one line. */
function nameOf(distinguishedName: string): string {
  const lines = distinguishedName.split('\n');
  const found = lines.find((line) => line.startsWith('CN=')) ?? lines.find((line) => line.startsWith('O='));
  return found === undefined ? lines.join(', ') : found.slice(found.indexOf('=') + 1);
}
