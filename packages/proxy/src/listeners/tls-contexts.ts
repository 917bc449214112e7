import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateMaterial, CertificateRef, Log } from '@dproxy/core';

/** Certificates by the name that a client asks for. Immutable; contexts are made once per certificate, not per Snapshot. */
export class TlsContexts {
  readonly #byId = new Map<string, SecureContext>();
  readonly #exact = new Map<string, SecureContext>();
  /** By the part after `*.`. */
  readonly #wildcards = new Map<string, SecureContext>();
  /** For clients that name nobody: they reach an address, and get the certificate that vouches for no public name. */
  readonly #default: SecureContext | undefined;
  /** Every certificate could be used; else the next Snapshot's may come with the key that was missing. */
  readonly isComplete: boolean;

  constructor(
    refs: Iterable<CertificateRef>,
    material: ReadonlyMap<string, CertificateMaterial>,
    { log, previous }: { readonly log: Log; readonly previous: TlsContexts | undefined },
  ) {
    const known: ReadonlyMap<string, SecureContext> = previous === undefined ? new Map() : previous.#byId;
    let local: SecureContext | undefined;
    let first: SecureContext | undefined;
    let isComplete = true;
    // The last one that is put wins: files after the local CA's.
    for (const ref of [...refs].sort((a, b) => rank(a) - rank(b))) {
      const context = known.get(ref.id) ?? makeContext(ref, material.get(ref.id), log);
      if (context === undefined) {
        isComplete = false;
        continue;
      }
      this.#byId.set(ref.id, context);
      for (const name of ref.names) this.#put(name.toLowerCase(), context);
      first ??= context;
      if (ref.kind === 'local') local ??= context;
    }
    this.#default = local ?? first;
    this.isComplete = isComplete;
  }

  get default(): SecureContext | undefined {
    return this.#default;
  }

  /** Exact before wildcard; a wildcard covers one label (RFC 6125 section 6.4.3). @param name lower case */
  find(name: string): SecureContext | undefined {
    return this.#exact.get(name) ?? this.#wildcards.get(name.slice(name.indexOf('.') + 1));
  }

  #put(name: string, context: SecureContext): void {
    if (name.startsWith('*.')) this.#wildcards.set(name.slice(2), context);
    else this.#exact.set(name, context);
  }
}

function rank({ kind }: CertificateRef): number {
  return kind === 'local' ? 0 : 1;
}

/** One bad certificate harms nobody but its own names. */
function makeContext(
  ref: CertificateRef,
  material: CertificateMaterial | undefined,
  log: Log,
): SecureContext | undefined {
  const about = { certificate: ref.id, names: ref.names };
  if (material === undefined) {
    log.warn(about, 'this certificate came without its key');
    return undefined;
  }
  try {
    return createSecureContext({ cert: material.certificatePem, key: material.keyPem, minVersion: 'TLSv1.2' });
  } catch (error) {
    log.error({ ...about, err: error }, 'this certificate cannot be used');
    return undefined;
  }
}
