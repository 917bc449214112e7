import type { CertificateRef } from '@dproxy/core';
import type { StoredCertificate } from '../ports.ts';

/** Stored certificates by name, so that a thousand names against a thousand certificates is no million comparisons. */
export class CertificateIndex {
  readonly #byName = new Map<string, StoredCertificate[]>();

  constructor(certificates: Iterable<StoredCertificate>) {
    for (const certificate of certificates) {
      for (const name of certificate.names) {
        const list = this.#byName.get(name);
        if (list === undefined) this.#byName.set(name, [certificate]);
        else list.push(certificate);
      }
    }
  }

  /**
   * All that stand for every one of these names (RFC 9525 section 6.3), the newest first. Not the one that lasts longest: after a
   * change to a profile with short lives that would be the old one, due and renewed for ever.
   */
  covering(names: readonly string[]): readonly StoredCertificate[] {
    const [first, ...rest] = names;
    if (first === undefined) return [];
    let found = this.#standingFor(first);
    for (const name of rest) {
      const others = new Set(this.#standingFor(name));
      found = found.filter((certificate) => others.has(certificate));
    }
    return found.toSorted(
      (a, b) => b.notBeforeMs - a.notBeforeMs || b.notAfterMs - a.notAfterMs || (a.id < b.id ? -1 : 1),
    );
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  #standingFor(name: string): StoredCertificate[] {
    const parent = parentWildcard(name);
    const wide = parent === undefined ? [] : (this.#byName.get(parent) ?? []);
    return [...new Set([...(this.#byName.get(name) ?? []), ...wide])];
  }
}

/** The one wildcard that stands for this name: `*.example.com` for `a.example.com`. */
export function parentWildcard(name: string): string | undefined {
  const dot = name.indexOf('.');
  return dot > 0 && !name.startsWith('*.') ? `*${name.slice(dot)}` : undefined;
}

/** Names of certificate files, against which one name is checked. */
export function namesOfFiles(refs: Iterable<CertificateRef>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const ref of refs) if (ref.kind === 'file') for (const name of ref.names) names.add(name);
  return names;
}
