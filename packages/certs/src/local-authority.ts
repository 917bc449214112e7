import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { CertificateMaterial, CertificateRef, Log } from '@dproxy/core';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate as Parsed,
  X509CertificateGenerator,
} from './_x509.ts';
import { LeafStore } from './leaf-store.ts';
import { DAY_MS, openRoot, P256, type Root, serialNumber, SIGNATURE } from './root-certificate.ts';

export interface LocalAuthorityOptions {
  /** `<state>/ca`; made with mode 0700. Holds root.crt, root.key and issued/. */
  readonly directory: string;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface LocalCertificate {
  readonly ref: CertificateRef;
  readonly material: CertificateMaterial;
  /** Epoch milliseconds from which `issue` makes a new one for the same names. */
  readonly renewAfterMs: number;
}

/** Apple and the CA/Browser Forum refuse leafs of more than 398 days, also below a root that a user trusts. */
const LEAF_DAYS = 397;
/** Accepts clients whose clock is behind ours. */
const BACKDATE_MS = 3_600_000;

/**
 * The local CA: gives every routed host that has no other certificate one of its own. Made on the first start. Leafs are
 * kept on disk, because browsers remember a clicked-away warning by the leaf: a restart must not ask again.
 */
export class LocalAuthority {
  readonly #root: Root;
  readonly #issuer: Parsed;
  readonly #store: LeafStore;
  readonly #now: () => number;
  /** By names, so that two callers at once get one leaf. */
  readonly #issued = new Map<string, Promise<LocalCertificate>>();

  private constructor(root: Root, store: LeafStore, now: () => number) {
    this.#root = root;
    this.#issuer = new Parsed(root.certificatePem);
    this.#store = store;
    this.#now = now;
  }

  /** @throws Error when the directory cannot be written or its files are damaged. */
  static async open({ directory, log, now }: LocalAuthorityOptions): Promise<LocalAuthority> {
    const root = await openRoot(directory, now(), log);
    const store = await LeafStore.open(join(directory, 'issued'), new X509Certificate(root.certificatePem), log);
    return new LocalAuthority(root, store, now);
  }

  /** What clients have to trust. */
  get rootPem(): string {
    return this.#root.certificatePem;
  }

  /**
   * The leaf for these names (DNS names or IP addresses, the first one is the main one): one that is there already while
   * more than a third of its life is left, else a new one. `ref.names` holds the DNS names: no SNI carries an address.
   */
  async issue(names: readonly string[]): Promise<LocalCertificate> {
    const id = names.join(',');
    const known = this.#issued.get(id);
    if (known !== undefined && this.#now() < (await known).renewAfterMs) return known;
    const issuing = this.#loadOrSign(names);
    this.#issued.set(id, issuing);
    // A failure is the caller's to see; it must not be what the next caller gets.
    issuing.catch(() => this.#issued.delete(id));
    return issuing;
  }

  /** Forgets the leafs in memory that are not for one of these lists of names; their files stay. */
  retain(names: Iterable<readonly string[]>): void {
    const wanted = new Set([...names].map((list) => list.join(',')));
    for (const id of this.#issued.keys()) if (!wanted.has(id)) this.#issued.delete(id);
  }

  async #loadOrSign(names: readonly string[]): Promise<LocalCertificate> {
    const stored = await this.#store.load(names);
    if (stored !== undefined) {
      const leaf = toLeaf(stored.certificatePem, stored.keyPem, names);
      if (this.#now() < leaf.renewAfterMs) return leaf;
    }
    const { certificatePem, keyPem } = await this.#sign(names);
    await this.#store.save(names, certificatePem, keyPem);
    return toLeaf(certificatePem, keyPem, names);
  }

  async #sign(names: readonly string[]): Promise<{ certificatePem: string; keyPem: string }> {
    const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
    const nowMs = this.#now();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ O: ['dproxy local certificate'] }],
      issuer: this.#issuer.subjectName,
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(Math.min(nowMs + LEAF_DAYS * DAY_MS - BACKDATE_MS, this.#root.notAfterMs)),
      signingKey: this.#root.key,
      publicKey: keys.publicKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name }) as const),
        ),
        await AuthorityKeyIdentifierExtension.create(this.#issuer.publicKey),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    return {
      certificatePem: `${certificate.toString('pem')}\n`,
      keyPem: key.export({ type: 'pkcs8', format: 'pem' }),
    };
  }
}

function toLeaf(certificatePem: string, keyPem: string, names: readonly string[]): LocalCertificate {
  const certificate = new X509Certificate(certificatePem);
  const id = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return {
    ref: { id, names: names.filter((name) => isIP(name) === 0), kind: 'local' },
    material: { id, certificatePem, keyPem },
    renewAfterMs: to - (to - from) / 3,
  };
}
