import { canonicalHost, type CertificateRef } from '@dproxy/core';

/**
 * Which hosts are shown a certificate that clients trust without our doing: one from a file or an authority, never the local
 * CA's. Answers as the handshake chooses: exact before wildcard, a wildcard for one label (RFC 9525 section 6.3).
 */
export class PublicNames {
  readonly #exact = new Map<string, boolean>();
  /** By the part after `*.`. */
  readonly #wildcards = new Map<string, boolean>();

  /** Every certificate had its key; else the next Snapshot's may come with the one that was missing. */
  readonly isComplete: boolean;

  /** @param hasKey whether a certificate can be served: one whose key has not come cannot */
  constructor(refs: Iterable<CertificateRef>, hasKey: (id: string) => boolean) {
    let isComplete = true;
    for (const { id, names, kind } of refs) {
      if (hasKey(id)) for (const name of names) this.#put(name, kind !== 'local');
      else isComplete = false;
    }
    this.isComplete = isComplete;
  }

  /** @param host as `RequestHead.host` */
  covers(host: string): boolean {
    const own = this.#exact.get(host);
    if (own !== undefined) return own;
    const dot = host.indexOf('.');
    return dot > 0 && this.#wildcards.get(host.slice(dot + 1)) === true;
  }

  #put(name: string, isPublic: boolean): void {
    // Certificates spell IPv6 addresses without brackets.
    const host = canonicalHost(name) ?? name.toLowerCase();
    const map = host.startsWith('*.') ? this.#wildcards : this.#exact;
    const key = host.startsWith('*.') ? host.slice(2) : host;
    map.set(key, isPublic || map.get(key) === true);
  }
}
