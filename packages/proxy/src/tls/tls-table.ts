import type { CertificateMaterial, CertificateRef, Log, Snapshot } from '@dproxy/core';
import type { TlsFacts } from '../client/tls-facts.ts';
import { TlsPolicies } from './tls-policies.ts';

/** A certificate with its key. */
export interface ServedCertificate {
  readonly ref: CertificateRef;
  readonly material: CertificateMaterial;
}

export type TlsSource = Pick<Snapshot, 'certificates' | 'challenges' | 'tlsPolicies' | 'settings'>;

const RANK: Readonly<Record<CertificateRef['kind'], number>> = { file: 0, acme: 1, local: 2 };
const NONE: readonly ServedCertificate[] = [];

/** What a handshake asks of a Snapshot: certificates, challenges and policies by name. Immutable. */
export class TlsTable {
  readonly #policies: TlsPolicies;
  readonly #exact = new Map<string, ServedCertificate[]>();
  /** By the part after `*.`. */
  readonly #wildcards = new Map<string, ServedCertificate[]>();
  readonly #challenges = new Map<string, CertificateMaterial>();
  readonly #default: readonly ServedCertificate[];
  readonly #source: TlsSource;
  /** Every key came along; else the next Snapshot may come with the one that was missing. */
  readonly #isComplete: boolean;

  constructor(source: TlsSource, material: ReadonlyMap<string, CertificateMaterial>, log: Log) {
    this.#source = source;
    this.#policies = new TlsPolicies([...source.tlsPolicies.values()], source.settings.tls.profile);
    const served = serve(source.certificates.values(), material, log);
    for (const certificate of served) {
      for (const name of certificate.ref.names) this.#put(name.toLowerCase(), certificate);
    }
    // Clients that name nobody reach an address, and get the certificate that vouches for no public name.
    // The local CA's first one is made for that.
    this.#default = [...served.filter(({ ref }) => ref.kind === 'local').slice(-1), ...served.slice(0, 1)];
    let isComplete = served.length === source.certificates.size;
    for (const challenge of source.challenges.values()) {
      if (challenge.type !== 'tls-alpn-01') continue;
      const key = material.get(challenge.certificateId);
      if (key === undefined) isComplete = false;
      else this.#challenges.set(challenge.host, key);
    }
    this.#isComplete = isComplete;
  }

  /** Whether a table made of `source` would be this one. */
  isOf({ certificates, challenges, tlsPolicies, settings }: TlsSource): boolean {
    const own = this.#source;
    return (
      this.#isComplete &&
      own.certificates === certificates &&
      own.challenges === challenges &&
      own.tlsPolicies === tlsPolicies &&
      own.settings.tls.profile === settings.tls.profile
    );
  }

  get policies(): TlsPolicies {
    return this.#policies;
  }

  /** For clients that send no name; the first one that can be used. */
  get default(): readonly ServedCertificate[] {
    return this.#default;
  }

  /**
   * The certificates for a name, the best one first: file, ACME, local CA; of one kind an exact name before a wildcard, then
   * the one that the Snapshot has last. A wildcard covers one label (RFC 6125 section 6.4.3).
   * @param name lower case
   */
  find(name: string): readonly ServedCertificate[] {
    const exact = this.#exact.get(name);
    const wildcard = this.#wildcards.get(name.slice(name.indexOf('.') + 1));
    if (exact === undefined || wildcard === undefined) return exact ?? wildcard ?? NONE;
    return [...exact, ...wildcard].sort(byRank);
  }

  /** Whose certificate a name gets; undefined: none. */
  kindFor(name: string): CertificateRef['kind'] | undefined {
    return this.find(name)[0]?.ref.kind;
  }

  /** What answers a `tls-alpn-01` validation of this SNI. */
  challengeFor(name: string): CertificateMaterial | undefined {
    return this.#challenges.get(name);
  }

  /** @param certificateId `CertificateMaterial.id` */
  hasChallenge(certificateId: string): boolean {
    for (const { id } of this.#challenges.values()) if (id === certificateId) return true;
    return false;
  }

  /** `TlsPolicies.admits` */
  admits(facts: TlsFacts, host: string): boolean {
    return this.#policies.admits(facts, host);
  }

  #put(name: string, certificate: ServedCertificate): void {
    const names = name.startsWith('*.') ? this.#wildcards : this.#exact;
    const key = name.startsWith('*.') ? name.slice(2) : name;
    const known = names.get(key);
    if (known === undefined) names.set(key, [certificate]);
    else known.push(certificate);
  }
}

/** With their keys, the best first. */
function serve(
  refs: Iterable<CertificateRef>,
  material: ReadonlyMap<string, CertificateMaterial>,
  log: Log,
): ServedCertificate[] {
  const served: ServedCertificate[] = [];
  for (const ref of refs) {
    const key = material.get(ref.id);
    if (key === undefined) log.warn({ certificate: ref.id, names: ref.names }, 'this certificate came without its key');
    else served.push({ ref, material: key });
  }
  // Stable: of one kind the last one comes first.
  return served.reverse().sort(byRank);
}

function byRank(a: ServedCertificate, b: ServedCertificate): number {
  return RANK[a.ref.kind] - RANK[b.ref.kind];
}
